"""``farout doctor``: what is wrong with this installation, and how to mend it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError

from backend.auth.mail.transports import NotSent, choose_transport
from backend.auth.settings import AuthSettings
from backend.auth.side import application
from backend.bridge.auth_client import AuthClient
from backend.bridge.errors import AuthUnavailable
from backend.bridge.settings import BridgeSettings
from backend.community.settings import CommunitySettings
from backend.community.webhooks.queries import count_secrets
from backend.database import Database, DatabaseUnavailable
from backend.discord.sign_in_client import DiscordSignInClient
from backend.errors import SettingsProblem
from backend.schema.histories import AUTH, COMMUNITY, History, with_urls
from backend.schema.settings import MigrationSettings
from backend.settings import Chosen, read_settings


@dataclass(frozen=True)
class Finding:
    """One check: ``advice`` says how to mend what is wrong."""

    state: Literal["ok", "wrong", "note"]
    what: str
    advice: str = ""


Report = Callable[[Finding], None]


async def examine(report: Report) -> bool:
    """Check settings, databases, migrations and Discord; returns whether all is well."""
    is_well = True

    def note(finding: Finding) -> None:
        nonlocal is_well
        is_well = is_well and finding.state != "wrong"
        report(finding)

    bridge = _settings(BridgeSettings, note)
    # With the address of the other service set, this one has no settings of that side.
    auth = None if bridge and bridge.auth_service_url else _settings(AuthSettings, note)
    is_auth_alone = bool(bridge and bridge.community_service_url)
    community = None if is_auth_alone else _settings(CommunitySettings, note)
    if bridge and bridge.auth_service_url:
        await _check_auth_service(bridge, note)
    if auth is not None:
        note(Finding("note", "Redirect URI to register at Discord", auth.redirect_uri))
        await _check_database(AUTH, "AUTH_DATABASE_URL", auth.auth_database_url, note)
    if community is not None:
        await _check_database(COMMUNITY, "DATABASE_URL", community.database_url, note)
        await _check_database(COMMUNITY, "SYNC_DATABASE_URL", community.sync_database_url, note)
        await _check_webhooks(community, note)
    if bridge is not None:
        _check_bridge(bridge, note)
    await _check_owner(note)
    if auth is not None:
        await _check_discord(auth, note)
        _check_proxies(auth, note)
        await _check_mail(auth, note)
    return is_well


def _settings(kind: type[Chosen], note: Report) -> Chosen | None:
    try:
        settings = read_settings(kind)
    except SettingsProblem as problem:
        for line in problem.problems:
            note(Finding("wrong", line, "Change it in the environment or in .env."))
        return None
    note(Finding("ok", f"{kind.__name__.removesuffix('Settings')} settings are complete"))
    return settings


async def _check_auth_service(bridge: BridgeSettings, note: Report) -> None:
    client = AuthClient(bridge.auth_service_url, bridge.api_keys[0])
    try:
        await client.count()
    except AuthUnavailable:
        advice = "Does it run there, and has it the same AUTH_SERVICE_API_KEY?"
        note(
            Finding(
                "wrong", f"The auth service at {bridge.auth_service_url} gives no answer", advice
            )
        )
    else:
        note(Finding("ok", f"The auth service at {bridge.auth_service_url} answers"))
    finally:
        await client.close()


async def _check_database(history: History, setting: str, url: str, note: Report) -> None:
    database = Database(url)
    try:
        revision = await database.revision()
    except DatabaseUnavailable as error:
        advice = f"Is PostgreSQL running there, and are role and password in {setting} right?"
        note(Finding("wrong", f"{_place(url)} cannot be reached: {_reason(error)}", advice))
    else:
        note(Finding("ok", f"{_place(url)} answers"))
        note(_migrations(history, revision))
    finally:
        await database.close()


def _migrations(history: History, revision: str | None) -> Finding:
    if revision == history.head:
        return Finding("ok", f"{history.database} is at the newest migration, {revision}")
    return Finding(
        "wrong",
        f"{history.database} is at {revision or 'no migration'}, the newest is {history.head}",
        "Run `farout db upgrade`.",
    )


async def _check_webhooks(settings: CommunitySettings, note: Report) -> None:
    """Whether webhooks are on, and whether their secrets can be read with the keys that there are."""
    ring = settings.community_ring
    if ring is None:
        advice = 'Webhooks are off. To have them: echo "w1:$(openssl rand -base64 32)"'
        note(Finding("note", "COMMUNITY_KEYS is not set", advice))
    database = Database(settings.database_url)
    try:
        async with database.transaction() as db:
            found = await count_secrets(db, ring)
    except (DatabaseUnavailable, DBAPIError):
        # What is wrong with the database itself is said already.
        return
    finally:
        await database.close()
    if found.unreadable:
        what = f"The secrets of {found.unreadable} of {found.webhooks} webhooks cannot be read"
        advice = "Put the key that encrypted them into COMMUNITY_KEYS, behind the first."
        note(Finding("wrong", what, advice))
    elif ring is not None:
        what = f"COMMUNITY_KEYS reads the secrets of all webhooks, {found.webhooks}"
        note(Finding("ok", what))


def _check_bridge(bridge: BridgeSettings, note: Report) -> None:
    """Whether two services may tell each other what happens."""
    if bridge.secrets:
        note(Finding("ok", f"WEBHOOK_SECRETS holds {len(bridge.secrets)}; the first one signs"))
    elif bridge.auth_service_url or bridge.community_service_url:
        advice = (
            "A profile is linked when the worker gets there, and not at the sign-in. Give both services"
            ' one: echo "whsec_$(openssl rand -base64 32)"'
        )
        note(Finding("note", "WEBHOOK_SECRETS is not set, and there are two services", advice))


async def _check_owner(note: Report) -> None:
    """Migrations run elsewhere than the service, so the owner's addresses may be absent here."""
    try:
        settings = read_settings(MigrationSettings)
    except SettingsProblem:
        note(
            Finding(
                "note",
                "The owner's addresses (MIGRATION_...) are not set here",
                "`farout db` needs them; the service does not and should not have them.",
            )
        )
        return
    for _, url in with_urls(settings):
        database = Database(url)
        try:
            await database.revision()
        except DatabaseUnavailable as error:
            advice = "Check MIGRATION_AUTH_DATABASE_URL and MIGRATION_DATABASE_URL."
            note(Finding("wrong", f"{_place(url)} cannot be reached: {_reason(error)}", advice))
        else:
            note(Finding("ok", f"{_place(url)} answers"))
        finally:
            await database.close()


def _place(url: str) -> str:
    where = urlsplit(url)
    return f"{where.username}@{where.hostname}:{where.port or 5432}{where.path}"


async def _check_discord(settings: AuthSettings, note: Report) -> None:
    client = DiscordSignInClient(application(settings))
    try:
        reachable = await client.is_reachable()
    finally:
        await client.close()
    if reachable:
        note(Finding("ok", f"Discord answers at {settings.discord_api_base_url}"))
    else:
        note(
            Finding(
                "wrong",
                f"Discord cannot be reached at {settings.discord_api_base_url}",
                "Check that this machine may open connections to it.",
            )
        )


def _check_proxies(settings: AuthSettings, note: Report) -> None:
    if settings.is_https and not settings.trusted_proxies:
        note(
            Finding(
                "note",
                "TRUSTED_PROXIES is empty although PUBLIC_URL is https",
                "Behind a reverse proxy every visitor will seem to come from its address.",
            )
        )


async def _check_mail(settings: AuthSettings, note: Report) -> None:
    if not settings.smtp_url:
        advice = "Nobody can register, confirm an address or recover a password by themselves."
        note(Finding("note", "SMTP_URL is not set", advice))
        return
    try:
        async with choose_transport(settings):
            note(Finding("ok", "The mail server lets us in"))
    except NotSent as error:
        note(Finding("wrong", f"The mail server cannot be used: {error}", "Check SMTP_URL."))


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return str(cause).partition("\n")[0] or type(cause).__name__
