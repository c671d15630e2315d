"""Sign in with Discord: begin, and finish. No transaction is open while Discord is asked."""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from backend.auth.audit.origin import Origin
from backend.auth.crypto.secrets import new_token
from backend.auth.discord_sign_in import states
from backend.auth.discord_sign_in.accounts import SignedInUser, upsert_account
from backend.auth.discord_sign_in.errors import SignInBusy
from backend.auth.limits.actions import Taken
from backend.auth.sessions.actions import StartedSession, start_session
from backend.auth.side import Auth
from backend.bridge.events import DiscordProfile, UserCreated, UserState, UserUpdated
from backend.database import Collision
from backend.discord.users import DiscordUser, avatar_url
from backend.errors import Unavailable

log = logging.getLogger(__name__)

# 64 characters of base64url; RFC 7636 4.1 allows 43 to 128.
_VERIFIER_BYTES = 48
_TRIES = 8


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and the secret that binds the sign-in to it."""

    authorize_url: str
    browser: str
    taken: Taken | None


async def begin(auth: Auth, *, next_path: str, browser: str | None, network: str) -> Begun:
    """Begin a sign-in; ``browser`` is the secret that this browser has already, if any."""
    secret = browser or new_token()
    verifier = secrets.token_urlsafe(_VERIFIER_BYTES)
    written = await states.remember(
        auth.database,
        auth.key_ring,
        browser=secret,
        verifier=verifier,
        next_path=next_path,
        network=network if auth.settings.rate_limits else None,
    )
    url = auth.discord.authorize_url(state=written.state, code_verifier=verifier)
    return Begun(url, secret, written.taken)


async def consume_state(auth: Auth, *, state: str, browsers: Iterable[str]) -> states.ConsumedState:
    """Take the state out before anything else is looked at; raises StateRefused."""
    return await states.consume(auth.database, auth.key_ring, state=state, browsers=browsers)


async def finish(auth: Auth, *, code: str, code_verifier: str, origin: Origin) -> StartedSession:
    """Ask Discord who it is, write the account and the session, and link the profile."""
    person = await auth.discord.fetch_user(code=code, code_verifier=code_verifier)
    user, session = await _write(auth, person, origin)
    await _announce(auth, person, user, session)
    return session


async def _write(
    auth: Auth, person: DiscordUser, origin: Origin
) -> tuple[SignedInUser, StartedSession]:
    """One transaction; tried again when two sign-ins wanted the same name at the same moment."""
    for _ in range(_TRIES):
        try:
            async with auth.database.rows() as rows:
                user = await upsert_account(rows, person)
                session = await start_session(
                    rows,
                    user.id,
                    method="discord",
                    lifetime=auth.settings.session_seconds,
                    origin=origin,
                )
            return user, session
        except Collision:
            continue
    raise SignInBusy


async def _announce(
    auth: Auth, person: DiscordUser, user: SignedInUser, session: StartedSession
) -> None:
    """Tell the community. If it cannot listen now, the sign-in stands and the next one heals it."""
    state = UserState(
        uid=session.uid,
        user_id=user.id,
        username=user.username,
        discord_id=person.id,
        email=user.email,
        role=user.role,
        is_active=True,
    )
    cdn = auth.settings.discord_cdn_base_url
    profile = DiscordProfile(
        display_name=person.display_name,
        avatar_url=avatar_url(cdn, person.id, person.avatar, person.discriminator),
    )
    event = UserCreated(state, profile) if user.is_new else UserUpdated(state, profile)
    try:
        await auth.announce(event)
    except Unavailable:
        log.exception("the profile could not be linked", extra={"action": "profile.not_linked"})
