"""Which of the two sides this process reaches, and how."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from backend.auth.settings import AuthDatabaseSettings
from backend.auth.users.directory import Directory
from backend.bridge.auth_client import AuthClient
from backend.bridge.delivery import Transport
from backend.bridge.settings import BridgeSettings
from backend.bridge.transports.direct import DirectTransport
from backend.bridge.transports.nats import NatsTransport
from backend.bridge.transports.webhook import WebhookTransport
from backend.bridge.users import UserDirectory
from backend.community.mirror.actions import apply_events
from backend.community.password_writes.actions import watch_password_writes
from backend.community.settings import SyncSettings
from backend.database import Database
from backend.errors import SettingsProblem
from backend.settings import SharedSettings, read_settings

_CONNECTIONS = 3


@dataclass(frozen=True)
class Reach:
    """What was opened; None is what the environment has no address of."""

    auth: Database | None
    mirror: Database | None
    directory: Directory | AuthClient | None

    def need_mirror(self) -> Database:
        """Return the mirror; raises SettingsProblem when its address is not set."""
        if self.mirror is None:
            raise SettingsProblem(_missing(SyncSettings))
        return self.mirror

    def need_auth(self) -> Database:
        """Return farout_auth; raises SettingsProblem when its address is not set."""
        if self.auth is None:
            raise SettingsProblem(_missing(AuthDatabaseSettings))
        return self.auth

    def need_directory(self) -> UserDirectory:
        """Return the way to auth's users; raises SettingsProblem when there is none."""
        if self.directory is None:
            raise SettingsProblem(_missing(AuthDatabaseSettings))
        return self.directory


def open_directory(
    settings: BridgeSettings, auth: Database | None
) -> Directory | AuthClient | None:
    """Return auth's users: from the database if it is in reach, else over HTTP, else None."""
    if auth is not None:
        return Directory(auth)
    if settings.auth_service_url:
        return AuthClient(settings.auth_service_url, settings.api_keys[0])
    return None


def make_transport(settings: BridgeSettings, sync_database: Database | None) -> Transport:
    """Return the transport that the settings ask for."""
    if settings.event_transport == "webhook":
        return WebhookTransport(settings.community_service_url, settings.secrets)
    if settings.event_transport == "nats":
        return NatsTransport(settings.nats_url.get_secret_value())
    if sync_database is None:
        raise SettingsProblem(
            ["SYNC_DATABASE_URL is not set, and EVENT_TRANSPORT direct needs it."]
        )
    return DirectTransport(partial(apply_events, sync_database))


@asynccontextmanager
async def open_reach() -> AsyncIterator[Reach]:
    """Open what the environment gives, for one command; raises SettingsProblem."""
    auth_url = _find(AuthDatabaseSettings, "auth_database_url")
    mirror_url = _find(SyncSettings, "sync_database_url")
    bridge = read_settings(BridgeSettings)
    auth, mirror = _database(auth_url), _database(mirror_url)
    if mirror is not None:
        watch_password_writes(mirror, role="farout_sync")
    directory = open_directory(bridge, auth)
    try:
        yield Reach(auth, mirror, directory)
    finally:
        if isinstance(directory, AuthClient):
            await directory.close()
        for database in (auth, mirror):
            if database is not None:
                await database.close()


def _database(url: str | None) -> Database | None:
    return Database(url, pool_size=_CONNECTIONS) if url else None


def _find(kind: type[SharedSettings], name: str) -> str | None:
    """Return a setting, or None where it is not set; a bad one raises SettingsProblem."""
    try:
        return str(getattr(read_settings(kind), name))
    except SettingsProblem as problem:
        if any(not line.startswith(f"{name.upper()} is not set.") for line in problem.problems):
            raise
        return None


def _missing(kind: type[SharedSettings]) -> Sequence[str]:
    try:
        read_settings(kind)
    except SettingsProblem as problem:
        return problem.problems
    return ()
