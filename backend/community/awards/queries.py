from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, bindparam, cast, exists, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.awards.errors import (
    AwardHasNoRule,
    AwardNotFound,
    GrantNotFound,
    MembersNotFound,
)
from backend.community.awards.schemas import Criterion, GrantDetails, Rule, Suggestion
from backend.community.members.directory import conditions_of
from backend.community.members.queries import get_member, gone
from backend.community.members.schemas import MemberFilters
from backend.community.models import Achievement, Award, AwardGrant, Member


@dataclass(frozen=True)
class SuggestionPage:
    """Some of those who are suggested; ``last`` is where the next page goes on."""

    suggestions: Sequence[Suggestion]
    last: tuple[int] | None


async def list_awards(db: AsyncSession) -> Sequence[Award]:
    """Return the catalogue, archived ones included."""
    return (await db.scalars(select(Award).order_by(Award.id))).all()


async def get_award(db: AsyncSession, award_id: UUID, *, lock: bool = False) -> Award:
    award = await db.get(Award, award_id, with_for_update=lock or None)
    if award is None:
        raise AwardNotFound
    return award


async def list_suggestions(
    db: AsyncSession, award_id: UUID, *, after: int, limit: int
) -> SuggestionPage:
    """Return who meets an award's rule without having it; raises AwardNotFound, AwardHasNoRule."""
    award = await get_award(db, award_id)
    if award.rule is None:
        raise AwardHasNoRule
    rule = Rule.model_validate(award.rule)
    has_it = exists().where(
        AwardGrant.award_id == award_id,
        AwardGrant.member_id == Member.id,
        AwardGrant.withdrawn_at.is_(None),
    )
    members = (
        select(Member)
        .where(Member.id > after, ~has_it, *conditions_of(MemberFilters()), *_meets(rule))
        .order_by(Member.id)
        .limit(limit + 1)
    )
    rows = (await db.scalars(members)).all()
    page = rows[:limit]
    last = (page[-1].id,) if len(rows) > limit else None
    return SuggestionPage([_suggestion(member, rule) for member in page], last)


def _meets(rule: Rule) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for number, (counter, least) in enumerate(rule.counters.items()):
        # A path instead of a cast: a counter that is no number is simply not enough.
        path = f"strict $.counters.{counter} ? (@ >= {least})"
        wanted = cast(bindparam(f"counter_{number}", path, Text), JSONPATH)
        conditions.append(Member.stats.op("@?")(wanted))
    for mission in rule.missions:
        conditions.append(_did("mission", mission))
    for training in rule.trainings:
        passed = Member.trainings_completed.contains([{"slug": training, "result": "pass"}])
        conditions += [_did("training", training), passed]
    if rule.days_here is not None:
        since = datetime.now(UTC) - timedelta(days=rule.days_here)
        conditions.append(Member.created_at <= since)
    return conditions


def _did(kind: str, slug: str) -> ColumnElement[bool]:
    return exists().where(
        Achievement.member_id == Member.id, Achievement.kind == kind, Achievement.slug == slug
    )


def _suggestion(member: Member, rule: Rule) -> Suggestion:
    """Show the sum, so that whoever confirms can follow it."""
    counters = member.stats.get("counters", {})
    criteria = [
        Criterion(asked=f"counter {name}", needs=least, has=int(counters.get(name, 0)))
        for name, least in rule.counters.items()
    ]
    criteria += [
        Criterion(asked=f"mission {slug}", needs=1, has=_count(member.missions_completed, slug))
        for slug in rule.missions
    ]
    criteria += [
        Criterion(asked=f"training {slug}", needs=1, has=_count(member.trainings_completed, slug))
        for slug in rule.trainings
    ]
    if rule.days_here is not None:
        days = (datetime.now(UTC) - member.created_at).days
        criteria.append(Criterion(asked="days here", needs=rule.days_here, has=days))
    return Suggestion(
        discord_id=member.discord_id, display_name=member.display_name, criteria=criteria
    )


def _count(entries: list[Any], slug: str) -> int:
    return sum(
        isinstance(one, dict) and one.get("slug") == slug and one.get("result", "pass") == "pass"
        for one in entries
    )


@dataclass(frozen=True)
class HolderPage:
    """Some of those who have an award; ``last`` is where the next page goes on."""

    holders: Sequence[tuple[AwardGrant, Member]]
    last: tuple[int] | None


async def list_holders(db: AsyncSession, award_id: UUID, *, after: int, limit: int) -> HolderPage:
    """Return who in the directory has an award, the oldest member first."""
    wanted = (
        select(AwardGrant, Member)
        .join(Member, Member.id == AwardGrant.member_id)
        .where(AwardGrant.award_id == award_id, AwardGrant.withdrawn_at.is_(None))
        .where(AwardGrant.member_id > after, ~gone())
        .order_by(AwardGrant.member_id)
        .limit(limit + 1)
    )
    rows = [(row[0], row[1]) for row in (await db.execute(wanted)).all()]
    page = rows[:limit]
    return HolderPage(page, (page[-1][1].id,) if len(rows) > limit else None)


async def list_members_by_id(db: AsyncSession, discord_ids: set[str]) -> dict[str, Member]:
    """Return members by Discord id, locked by id; raises MembersNotFound naming who is missing."""
    wanted = (
        select(Member)
        .where(Member.discord_id.in_(discord_ids))
        .order_by(Member.id)
        .with_for_update(key_share=True)
    )
    found = {member.discord_id: member for member in (await db.scalars(wanted)).all()}
    if missing := sorted(discord_ids - found.keys()):
        raise MembersNotFound(missing)
    return found


async def get_grant(db: AsyncSession, grant_id: UUID, *, lock: bool = False) -> AwardGrant:
    grant = await db.get(AwardGrant, grant_id, with_for_update=lock or None)
    if grant is None:
        raise GrantNotFound
    return grant


async def list_grants(db: AsyncSession, discord_id: str) -> list[GrantDetails]:
    """Return the awards that a member has, latest first; raises MemberNotFound."""
    member = await get_member(db, discord_id)
    held = (
        select(AwardGrant, Award.name)
        .join(Award, Award.id == AwardGrant.award_id)
        .where(AwardGrant.member_id == member.id, AwardGrant.withdrawn_at.is_(None))
        .order_by(AwardGrant.id.desc())
    )
    return [
        GrantDetails(
            id=grant.id,
            award_id=grant.award_id,
            name=name,
            reason=grant.reason,
            granted_by=grant.granted_by,
            granted_at=grant.granted_at,
        )
        for grant, name in (await db.execute(held)).all()
    ]
