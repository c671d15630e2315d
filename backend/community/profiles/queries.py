"""Everything that stands on a member's page, as far as its reader may see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.awards.queries import list_awards, list_grants
from backend.community.awards.schemas import GrantDetails
from backend.community.counters.queries import list_counters
from backend.community.departures.queries import find_departure
from backend.community.items.queries import list_holdings
from backend.community.items.schemas import Holding
from backend.community.members.queries import find_member, find_uid, is_here, list_rank_names
from backend.community.models import Award, Counter, Departure, Member, Rank, RankChange
from backend.community.models.rank import BELOW
from backend.community.ranks.queries import list_changes, list_ranks

_CHANGES = 20


@dataclass(frozen=True)
class Profile:
    """A member's page. What the reader may not do has no choices."""

    member: Member
    is_own: bool
    is_here: bool
    rank_names: dict[str, str]
    changes: Sequence[RankChange]
    next_changes: tuple[str, int] | None
    sees_reasons: bool
    ranks_to_give: Sequence[Rank]
    may_undo: bool
    grants: Sequence[GrantDetails]
    awards_to_grant: Sequence[Award]
    may_withdraw: bool
    holdings: Sequence[Holding]
    may_award: bool
    # Declared counters that the reader may change of this member.
    counters_to_set: Sequence[Counter]
    may_discharge: bool
    departure: Departure | None
    sees_access: bool


async def get_profile(
    db: AsyncSession, member: Member, reader: Access, *, after: tuple[str, int] | None = None
) -> Profile:
    """Return a member's page; ``after`` is where the list of their ranks goes on."""
    discord_id, is_own = member.discord_id, reader.discord_id == member.discord_id
    may_promote = reader.may(Permission.MEMBERS_PROMOTE)
    may_grant = reader.may(Permission.AWARDS_GRANT) and (reader.is_admin or not is_own)
    career = await list_changes(db, discord_id, after=after, limit=_CHANGES)
    return Profile(
        member=member,
        is_own=is_own,
        is_here=await is_here(db, member),
        rank_names=await list_rank_names(db),
        changes=career.changes,
        next_changes=career.last,
        sees_reasons=is_own or may_promote,
        ranks_to_give=await _list_ranks_to_give(db, member, reader) if may_promote else (),
        may_undo=may_promote and (reader.is_admin or not is_own),
        grants=await list_grants(db, discord_id) if reader.may(Permission.AWARDS_READ) else (),
        awards_to_grant=await _list_awards_to_grant(db) if may_grant else (),
        may_withdraw=reader.may(Permission.AWARDS_GRANT),
        holdings=await list_holdings(db, discord_id)
        if is_own or reader.may(Permission.ITEMS_ISSUE)
        else (),
        may_award=reader.may(Permission.COMPLETIONS_AWARD) and not is_own,
        counters_to_set=await list_counters(db)
        if reader.may(Permission.STATS_WRITE) and not is_own
        else (),
        may_discharge=await _may_discharge(db, member, reader),
        departure=await find_departure(db, member.id)
        if reader.may(Permission.MEMBERS_DISCHARGE)
        else None,
        sees_access=reader.may(Permission.ACCESS_READ)
        and await find_uid(db, discord_id) is not None,
    )


async def _list_ranks_to_give(db: AsyncSession, member: Member, reader: Access) -> list[Rank]:
    """Return what the reader may make of a member, highest first; the action has the last word."""
    ladder = [rank for rank in reversed(await list_ranks(db)) if rank.archived_at is None]
    if not reader.is_admin:
        own = await _find_position_above(db, member, reader)
        ladder = [rank for rank in ladder if own is not None and rank.position < own]
    return [rank for rank in ladder if rank.code != member.rank]


async def _may_discharge(db: AsyncSession, member: Member, reader: Access) -> bool:
    if not reader.may(Permission.MEMBERS_DISCHARGE) or reader.discord_id == member.discord_id:
        return False
    return reader.is_admin or await _find_position_above(db, member, reader) is not None


async def _find_position_above(db: AsyncSession, member: Member, reader: Access) -> int | None:
    """Return the reader's place on the ladder if it is above the member's."""
    actor = await find_member(db, reader.discord_id) if reader.discord_id else None
    if actor is None or actor.id == member.id:
        return None
    positions = {rank.code: rank.position for rank in await list_ranks(db)}
    own = positions.get(actor.rank, BELOW)
    return own if positions.get(member.rank, BELOW) < own else None


async def _list_awards_to_grant(db: AsyncSession) -> list[Award]:
    return [award for award in await list_awards(db) if award.archived_at is None]
