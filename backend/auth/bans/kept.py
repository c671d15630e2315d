"""Bans that outlive an erased account (docs/decisions/0030).

Somebody who comes back with the same Discord account is told of the ban as before. What is kept to
know them by is an HMAC of the Discord id, each under a key of its own that ENCRYPTION_KEYS encrypts.
"""

import hmac
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, delete, false, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import AT_A_SHELL, Origin
from backend.auth.models import AccountSecurity, KeptBan, User
from backend.auth.side import Auth
from backend.bridge.errors import AccountBanned
from backend.key_ring import KeyRing, NotDecipherable, place

log = logging.getLogger(__name__)

_COLUMN = "kept_bans.key"


def keep_ban(db: AsyncSession, key_ring: KeyRing, user: User, security: AccountSecurity) -> None:
    """Keep the ban of somebody who is being erased, as part of that.

    Without a Discord account there is nothing to know them by: another address is as easily had.
    """
    if user.discord_id is None or security.banned_at is None:
        return
    key = os.urandom(32)
    db.add(
        KeptBan(
            uid=security.uid,
            key=key_ring.encrypt(key, place=place(_COLUMN, security.uid)),
            discord_hash=_digest(key, user.discord_id),
            banned_at=security.banned_at,
            expires_at=security.ban_expires_at,
        )
    )


def kept_bans() -> ScalarSelect[Any]:
    """Select all that are in force, which are few, as one value: part of a statement that is sent anyway."""
    ban = func.row(KeptBan.uid, KeptBan.key, KeptBan.discord_hash, KeptBan.expires_at)
    return select(func.array_agg(ban)).where(~_is_over()).scalar_subquery()


def _is_over() -> ColumnElement[bool]:
    return func.coalesce(KeptBan.expires_at <= func.now(), false())


def refuse_if_ban_is_kept(key_ring: KeyRing, discord_id: str, bans: Iterable[Any] | None) -> None:
    """Raise AccountBanned to a newcomer who was banned under an account that is gone; see kept_bans."""
    for uid, sealed, kept, expires_at in bans or ():
        try:
            key = key_ring.decrypt(sealed, place=place(_COLUMN, uid))
        except NotDecipherable:
            log.error("a kept ban cannot be read", extra={"action": "ban.unreadable"})
            continue
        if hmac.compare_digest(kept, _digest(key, discord_id)):
            raise AccountBanned(f"an earlier account of yours, {uid}, was banned", expires_at)


async def refuse_link_if_ban_is_kept(db: AsyncSession, key_ring: KeyRing, discord_id: str) -> None:
    """The same to somebody who wants to link that Discord account."""
    refuse_if_ban_is_kept(key_ring, discord_id, await db.scalar(select(kept_bans())))


def _digest(key: bytes, discord_id: str) -> bytes:
    return hmac.digest(key, discord_id.encode(), "sha256")


@dataclass(frozen=True)
class KeptBanPage:
    """Some kept bans, those of the newest accounts first; ``last`` is where the next page goes on."""

    bans: Sequence[KeptBan]
    last: UUID | None


async def list_kept_bans(
    db: AsyncSession, *, after: UUID | None = None, limit: int = 50
) -> KeptBanPage:
    """List the bans in force of accounts that are gone."""
    bans = select(KeptBan).where(~_is_over()).order_by(KeptBan.uid.desc()).limit(limit + 1)
    if after is not None:
        bans = bans.where(KeptBan.uid < after)
    found = (await db.scalars(bans)).all()
    page = found[:limit]
    return KeptBanPage(page, page[-1].uid if len(found) > limit else None)


async def lift_kept_ban(
    auth: Auth, uid: UUID, *, by: UUID | None, origin: Origin = AT_A_SHELL
) -> bool:
    """Let somebody come back whose account is gone; False if no ban of that account is kept."""
    async with auth.database.transaction() as db:
        lifted = delete(KeptBan).where(KeptBan.uid == uid).returning(KeptBan.uid)
        if await db.scalar(lifted) is None:
            return False
        record(db, "user.unbanned", actor=by, target=uid, origin=origin)
    return True


async def sweep(db: AsyncSession) -> None:
    """Remove the bans that are over."""
    await db.execute(delete(KeptBan).where(_is_over()))
