"""What can be done to a profile."""

from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.bridge.identity import Identity
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.members.errors import ProfileChanged
from backend.community.members.queries import find_member, get_member, version_of
from backend.community.members.schemas import ProfileChange
from backend.community.models import Member
from backend.database import Database, Statement

# One statement on the path of every sign-in; whoever has a profile keeps it as it is.
_LINK = Statement(
    insert(Member)
    .values(
        discord_id=bindparam("discord_id"),
        display_name=bindparam("display_name"),
        avatar_url=bindparam("avatar_url"),
    )
    .on_conflict_do_nothing(index_elements=[Member.discord_id])
)


async def link_member(
    database: Database, discord_id: str, display_name: str, avatar_url: str | None
) -> None:
    """Make the profile of a Discord account unless it has one; an edited one is never touched."""
    await database.row(
        _LINK, discord_id=discord_id, display_name=display_name, avatar_url=avatar_url
    )


async def get_own_member(database: Database, db: AsyncSession, caller: Identity) -> Member | None:
    """Return the caller's profile, None for an account without Discord.

    A sign-in while this database was away left no profile behind: it is made here.
    """
    if caller.discord_id is None:
        return None
    member = await find_member(db, caller.discord_id)
    if member is None:
        await link_member(database, caller.discord_id, caller.username, None)
        member = await get_member(db, caller.discord_id)
    return member


async def change_profile(
    db: AsyncSession,
    discord_id: str,
    change: ProfileChange,
    *,
    versions: frozenset[str] | None,
    by: UUID,
    origin: Origin,
) -> Member:
    """Change one's own display name and bio; raises ProfileChanged if it is none of ``versions``."""
    member = await get_member(db, discord_id, lock=True)
    if versions is not None and version_of(member) not in versions:
        raise ProfileChanged
    wanted = change.model_dump(exclude_unset=True)
    if "bio" in wanted:
        wanted["bio"] = wanted["bio"] or None
    changed = sorted(name for name, value in wanted.items() if getattr(member, name) != value)
    if changed:
        for name in changed:
            setattr(member, name, wanted[name])
        await db.flush()
        await db.refresh(member)
        # What was written stays out of the log: people may erase it one day.
        record(
            db, "member.profile_changed", actor=by, target=by, origin=origin,
            discord_id=discord_id, changed=changed,
        )  # fmt: skip
    return member
