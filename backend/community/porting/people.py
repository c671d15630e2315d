"""Who a row is about: a Discord id, or the account of somebody who has signed in here."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from backend.community.models import Member, MirroredUser
from backend.community.porting.records import Problem
from backend.community.porting.values import RowOfMember

_NOT_LINKED = "has an account that is not linked to Discord"
_UNKNOWN_UID = "is no account here; give the discord_id of people who have not signed in yet"
_UNKNOWN_NAME = "has not signed in here under this name; give their discord_id, which never changes"
_SEVERAL = "is the name of several accounts; give the discord_id"
_CONTRADICTION = "is somebody else than the discord_id in this row"

# Without the record, which may be long.
_PROFILE = (
    Member.id, Member.discord_id, Member.display_name, Member.bio, Member.avatar_url, Member.rank,
    Member.created_at,
)  # fmt: skip
NOT_A_MEMBER = "is not a member yet; add a row to members"


async def name_people(db: AsyncSession, rows: Sequence[object]) -> list[Problem | None]:
    """Give each row the Discord id of the person that it names by uid or username."""
    named = [
        row
        for row in rows
        if isinstance(row, RowOfMember) and not (row.uid is None and row.username is None)
    ]
    accounts = await _accounts(db, named) if named else _Accounts([])
    return [accounts.settle(row) if isinstance(row, RowOfMember) else None for row in rows]


async def _accounts(db: AsyncSession, rows: Sequence[RowOfMember]) -> "_Accounts":
    uids = [row.uid for row in rows if row.uid is not None]
    names = [row.username.casefold() for row in rows if row.username is not None]
    found = await db.execute(
        select(MirroredUser.uid, MirroredUser.username, MirroredUser.discord_id)
        .where(MirroredUser.deleted_at.is_(None))
        .where(or_(MirroredUser.uid.in_(uids), func.lower(MirroredUser.username).in_(names)))
    )
    return _Accounts([(row.uid, row.username or "", row.discord_id) for row in found])


class _Accounts:
    def __init__(self, found: Iterable[tuple[UUID, str, str | None]]) -> None:
        self._by_uid: dict[UUID, str | None] = {}
        self._by_name: dict[str, list[str | None]] = {}
        for uid, username, discord_id in found:
            self._by_uid[uid] = discord_id
            self._by_name.setdefault(username.casefold(), []).append(discord_id)

    def settle(self, row: RowOfMember) -> Problem | None:
        field = "uid" if row.uid is not None else "username"
        if row.uid is not None:
            known = [self._by_uid[row.uid]] if row.uid in self._by_uid else []
            unknown = _UNKNOWN_UID
        elif row.username is not None:
            known = self._by_name.get(row.username.casefold(), [])
            unknown = _UNKNOWN_NAME
        else:
            return None
        if row.discord_id is not None:
            # A name may have gone to somebody else since the file was made; an account never does.
            is_other = field == "uid" and known and row.discord_id not in known
            return Problem(field, _CONTRADICTION) if is_other else None
        if len(known) != 1:
            return Problem(field, _SEVERAL if known else unknown)
        row.discord_id = known[0]
        return None if known[0] is not None else Problem(field, _NOT_LINKED)


async def find_members(
    db: AsyncSession, rows: Sequence[RowOfMember], *, lock: bool
) -> dict[str, Member]:
    """Return the members whom these rows name, by Discord id, locked in the order of their ids."""
    wanted = (
        select(Member)
        .where(Member.discord_id.in_({row.discord_id for row in rows}))
        .order_by(Member.id)
        .options(load_only(*_PROFILE))
        .execution_options(populate_existing=True)
    )
    found = await db.scalars(wanted.with_for_update(key_share=True) if lock else wanted)
    return {member.discord_id: member for member in found}
