"""Sign in with Discord: begin, and finish. No transaction is open while Discord is asked."""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from backend.auth.audit.origin import Origin
from backend.auth.bans.kept import refuse_if_ban_is_kept
from backend.auth.crypto.secrets import new_token, token_hash
from backend.auth.discord_sign_in import states
from backend.auth.discord_sign_in.accounts import SignedInUser, upsert_account
from backend.auth.discord_sign_in.errors import SignInBusy
from backend.auth.discord_tokens.keeping import kept, kept_values
from backend.auth.limits.actions import Taken
from backend.auth.sessions.actions import StartedSession, start_session, starting_statement
from backend.auth.sessions.replacing import replaced_session
from backend.auth.side import Auth
from backend.bridge.events import DiscordProfile, Event, UserState
from backend.database import Collision
from backend.discord.sign_in_client import Authorization
from backend.discord.users import DiscordUser, avatar_url
from backend.errors import Unavailable, Upstream

log = logging.getLogger(__name__)

# 64 characters of base64url; RFC 7636 4.1 allows 43 to 128.
_VERIFIER_BYTES = 48
_TRIES = 8
_START_AND_KEEP = starting_statement(kept(), in_place_of=replaced_session())


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and the secret that binds the sign-in to it."""

    authorize_url: str
    browser: str
    taken: Taken | None


async def begin(
    auth: Auth,
    *,
    next_path: str,
    browser: str | None,
    network: str,
    session_id: UUID | None = None,
) -> Begun:
    """Begin a sign-in, or a link for the session ``session_id``.

    ``browser`` is the secret that this browser has already, if any.
    """
    secret = browser or new_token()
    verifier = secrets.token_urlsafe(_VERIFIER_BYTES)
    written = await states.remember(
        auth.database,
        auth.key_ring,
        browser=secret,
        verifier=verifier,
        next_path=next_path,
        purpose="link" if session_id else "login",
        session_id=session_id,
        network=network if auth.settings.rate_limits else None,
    )
    url = auth.discord.authorize_url(state=written.state, code_verifier=verifier)
    return Begun(url, secret, written.taken)


async def consume_state(auth: Auth, *, state: str, browsers: Iterable[str]) -> states.ConsumedState:
    """Take the state out before anything else is looked at; raises StateRefused."""
    return await states.consume(auth.database, auth.key_ring, state=state, browsers=browsers)


async def finish(
    auth: Auth, *, code: str, code_verifier: str, replacing: str | None, origin: Origin
) -> StartedSession:
    """Ask Discord who it is, write the account and the session, and link the profile.

    The session whose token is ``replacing``, whoever's it was, ends with it: at its next request it
    is over here.
    """
    authorization = await auth.discord.authorize(code=code, code_verifier=code_verifier)
    person = authorization.user
    profile = discord_profile(auth, person)
    user, session = await _write(auth, authorization, profile, replacing, origin)
    await _announce(auth, person, profile, user, session)
    if session.has_replaced:
        await auth.settle()
    return session


async def _write(
    auth: Auth,
    authorization: Authorization,
    profile: DiscordProfile,
    replacing: str | None,
    origin: Origin,
) -> tuple[SignedInUser, StartedSession]:
    """One transaction; tried again when two sign-ins wanted the same name at the same moment."""
    for _ in range(_TRIES):
        try:
            async with auth.database.rows() as rows:
                user = await upsert_account(rows, authorization.user, profile)
                if user.is_new:
                    refuse_if_ban_is_kept(auth.key_ring, authorization.user.id, user.kept_bans)
                session = await start_session(
                    rows,
                    user.id,
                    method="discord",
                    lifetime=auth.settings.session_seconds,
                    origin=origin,
                    statement=_START_AND_KEEP,
                    replacing=token_hash(replacing) if replacing else None,
                    **kept_values(auth.key_ring, user.id, authorization.tokens),
                )
            return user, session
        except Collision:
            continue
    raise SignInBusy


async def _announce(
    auth: Auth,
    person: DiscordUser,
    profile: DiscordProfile,
    user: SignedInUser,
    session: StartedSession,
) -> None:
    state = UserState(
        uid=session.uid,
        user_id=user.id,
        version=session.version,
        username=user.username,
        discord_id=person.id,
        email=user.email,
        role=user.role,
        is_active=user.stays,
    )
    event = Event(
        id=uuid4(),
        type="user.created" if user.is_new else "user.updated",
        occurred_at=datetime.now(UTC),
        user=state,
        profile=profile,
    )
    await announce_to_community(auth, event)


def discord_profile(auth: Auth, person: DiscordUser) -> DiscordProfile:
    cdn = auth.settings.discord_cdn_base_url
    return DiscordProfile(
        display_name=person.display_name,
        avatar_url=avatar_url(cdn, person.id, person.avatar, person.discriminator),
    )


async def announce_to_community(auth: Auth, event: Event) -> None:
    """Tell the community before the browser gets there.

    If it cannot listen now, the change stands: the same news waits in the outbox.
    """
    try:
        await auth.announce(event)
    except (Unavailable, Upstream):
        log.warning("the profile is linked later", extra={"action": "profile.not_linked"})
