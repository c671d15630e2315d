"""Linking a Discord account to the account of somebody who is signed in, and unlinking it.

Never by e-mail: that two accounts share an address says nothing of who is in front of the browser.
"""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.bans.kept import refuse_link_if_ban_is_kept
from backend.auth.discord_sign_in.accounts import hand_profile_to_outbox
from backend.auth.discord_sign_in.actions import announce_to_community, discord_profile
from backend.auth.discord_sign_in.errors import (
    AccountDeactivated,
    DiscordAlreadyLinked,
    DiscordNotLinked,
    DiscordTaken,
    LastWayIn,
)
from backend.auth.discord_sign_in.queries import has_another_way_in
from backend.auth.discord_tokens.keeping import kept, kept_values
from backend.auth.discord_tokens.revoking import give_up_tokens, revoke_given_up
from backend.auth.mail.actions import tell_owner
from backend.auth.models import User
from backend.auth.passwords.queries import get_user_locked
from backend.auth.sessions.actions import end_sessions_of_user
from backend.auth.side import Auth
from backend.auth.users.directory import Directory
from backend.bridge.events import DiscordProfile, Event
from backend.bridge.identity import Identity

_KEEP = select(kept().c.user_id)


async def finish_link(
    auth: Auth, caller: Identity, *, code: str, code_verifier: str, origin: Origin
) -> None:
    """Ask Discord who it is and link that account to the caller's.

    Raises DiscordTaken, DiscordAlreadyLinked and AccountBanned, after which nothing has changed.
    """
    authorization = await auth.discord.authorize(code=code, code_verifier=code_verifier)
    person = authorization.user
    profile = discord_profile(auth, person)
    async with auth.database.transaction() as db:
        user = await get_user_locked(db, caller.user_id)
        if user.discord_id == person.id:
            return
        _refuse_unless_free(user)
        await refuse_link_if_ban_is_kept(db, auth.key_ring, person.id)
        await hand_profile_to_outbox(db, profile)
        user.discord_id = person.id
        user.discriminator = person.discriminator
        user.avatar = person.avatar
        try:
            await db.flush()
        except IntegrityError:
            raise DiscordTaken from None
        await db.execute(_KEEP, kept_values(auth.key_ring, user.id, authorization.tokens))
        await tell_owner(db, auth, user, "discord_linked")
        record(db, "discord.linked", actor=caller.uid, target=caller.uid, origin=origin)
    await _tell_community(auth, caller.uid, profile)


async def unlink(auth: Auth, caller: Identity, *, origin: Origin) -> None:
    """Unlink the caller's Discord account; the other sessions that began with it end.

    Raises DiscordNotLinked, and LastWayIn if they could not sign in any more.
    """
    async with auth.database.transaction() as db:
        user = await get_user_locked(db, caller.user_id)
        if user.discord_id is None:
            raise DiscordNotLinked
        if not await has_another_way_in(db, user):
            raise LastWayIn
        await give_up_tokens(auth, db, user.id)
        user.discord_id = user.discriminator = user.avatar = None
        ended = await end_sessions_of_user(
            db, user.id, reason="discord_unlinked", but=caller.session_id, begun_with="discord"
        )
        await tell_owner(db, auth, user, "discord_unlinked")
        record(
            db, "discord.unlinked", actor=caller.uid, target=caller.uid, origin=origin,
            ended_sessions=ended,
        )  # fmt: skip
    await revoke_given_up(auth)


def _refuse_unless_free(user: User) -> None:
    if not user.is_active:
        raise AccountDeactivated
    if user.discord_id is not None:
        raise DiscordAlreadyLinked


async def _tell_community(auth: Auth, uid: UUID, profile: DiscordProfile) -> None:
    state = await Directory(auth.database).find(uid)
    if state is not None:
        event = Event(uuid4(), "user.updated", datetime.now(UTC), state, profile)
        await announce_to_community(auth, event)
