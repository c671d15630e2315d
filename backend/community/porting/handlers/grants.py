"""Awards that members have, or had until they were withdrawn."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.fields import EARLIEST
from backend.community.models import Award, AwardGrant
from backend.community.porting.handlers.inserting import insert_rows
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Action,
    Import,
    Outcome,
    refused,
    updated,
)
from backend.community.porting.ids import derived_id
from backend.community.porting.people import NOT_A_MEMBER, find_members
from backend.community.porting.record_rows import AwardGrantRow

# What a grant needs and a spreadsheet does not know.
NOBODY = UUID(int=0)
_WITHDRAWN_HERE = Outcome(
    Action.UNCHANGED,
    "",
    "was withdrawn here, and stays so; one that was granted since needs granted_at",
)


class _Awards:
    """Awards by id, and by name where that names one alone."""

    def __init__(self, found: Sequence[tuple[UUID, str]]) -> None:
        self._ids = {award_id for award_id, _ in found}
        self._named: dict[str, list[UUID]] = {}
        for award_id, name in found:
            self._named.setdefault(name, []).append(award_id)

    def find(self, row: AwardGrantRow) -> UUID | Outcome:
        if row.award_id is not None:
            unknown = refused("award_id", "is no award that is known here")
            return row.award_id if row.award_id in self._ids else unknown
        named = self._named.get(row.award or "", [])
        if not named:
            return refused("award", "is not in the catalogue; add a row to awards")
        return named[0] if len(named) == 1 else refused("award", "is the name of several awards")


async def write_grants(
    db: AsyncSession, rows: Sequence[AwardGrantRow], run: Import
) -> list[Outcome]:
    """Add awards that members do not have yet, and withdraw those that the file says were withdrawn."""
    members = await find_members(db, rows, lock=run.locks)
    found = await db.execute(select(Award.id, Award.name))
    awards = _Awards([(row.id, row.name) for row in found])
    ids = [member.id for member in members.values()]
    known = list(await db.scalars(select(AwardGrant).where(AwardGrant.member_id.in_(ids))))
    by_id = {grant.id: grant for grant in known}
    live = {(g.award_id, g.member_id): g for g in known if g.withdrawn_at is None}
    ended = {
        (g.award_id, g.member_id): g.withdrawn_at
        for g in sorted(known, key=lambda g: g.withdrawn_at or EARLIEST)
        if g.withdrawn_at is not None
    }
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        member, award = members.get(row.discord_id or ""), awards.find(row)
        if member is None:
            outcomes.append(refused("discord_id", NOT_A_MEMBER))
            continue
        if isinstance(award, Outcome):
            outcomes.append(award)
            continue
        values = _grant(row, member.id, award, run)
        grant = by_id.get(values["id"])
        if grant is None and (row.id is None or row.withdrawn_at is None):
            grant = live.get((award, member.id))
        if grant is None and _is_over(row, ended.get((award, member.id))):
            outcomes.append(_WITHDRAWN_HERE)
        elif grant is None:
            new.append(values)
            outcomes.append(CREATED)
        elif row.id not in (None, grant.id):
            outcomes.append(refused("id", "is new, but this member has the award already"))
        else:
            outcomes.append(_withdraw(grant, row))
    await db.flush()
    await insert_rows(db, AwardGrant, new)
    return outcomes


def _is_over(row: AwardGrantRow, withdrawn_at: datetime | None) -> bool:
    """Whether a row without an id speaks of what was withdrawn here since."""
    if row.id is not None or row.withdrawn_at is not None or withdrawn_at is None:
        return False
    return row.granted_at is None or row.granted_at <= withdrawn_at


def _grant(row: AwardGrantRow, member_id: int, award_id: UUID, run: Import) -> dict[str, Any]:
    # The same each time the row is imported, also after the award was withdrawn here.
    moment = row.granted_at or row.withdrawn_at or EARLIEST
    about = (row.discord_id, award_id, row.granted_at)
    return {
        "id": row.id or derived_id(moment, *about),
        "award_id": award_id,
        "member_id": member_id,
        "reason": row.reason or f"Imported from {run.name}.",
        "granted_by": row.granted_by or NOBODY,
        "granted_at": row.granted_at or run.started_at,
        "withdrawn_at": row.withdrawn_at,
        "withdrawn_by": row.withdrawn_by,
        "withdraw_reason": row.withdraw_reason,
    }


def _withdraw(grant: AwardGrant, row: AwardGrantRow) -> Outcome:
    if row.withdrawn_at is None or grant.withdrawn_at is not None:
        return UNCHANGED
    grant.withdrawn_at, grant.withdrawn_by = row.withdrawn_at, row.withdrawn_by
    grant.withdraw_reason = row.withdraw_reason
    return updated("withdrawn_at")
