from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.completions.errors import CompletionNotFound
from backend.community.models import Completion, CompletionRevocation, Member

Found = tuple[Completion, CompletionRevocation | None, str]


@dataclass(frozen=True)
class CompletionPage:
    """One page of the ledger; ``last`` is where the next page goes on, if there is one."""

    completions: Sequence[Found]
    last: UUID | None


@dataclass(frozen=True, slots=True)
class LockedMember:
    id: int
    discord_id: str
    missions: int
    trainings: int


def _completions() -> Select[Completion, CompletionRevocation, str]:
    return (
        select(Completion, CompletionRevocation, Member.discord_id)
        .join(Member, Member.id == Completion.member_id)
        .outerjoin(CompletionRevocation, CompletionRevocation.completion_id == Completion.id)
    )


async def get_completion(db: AsyncSession, completion_id: UUID) -> Found:
    found = (await db.execute(_completions().where(Completion.id == completion_id))).first()
    if found is None:
        raise CompletionNotFound
    return found[0], found[1], found[2]


async def list_completions(
    db: AsyncSession,
    *,
    member_id: int | None = None,
    mission_id: UUID | None = None,
    training_id: UUID | None = None,
    valid: bool = False,
    revoked: bool = False,
    after: UUID | None = None,
    limit: int = 50,
) -> CompletionPage:
    """Return entries, the newest first; ``revoked`` ones too only for one member's history."""
    wanted = _completions().order_by(Completion.id.desc()).limit(limit + 1)
    if member_id is not None:
        wanted = wanted.where(Completion.member_id == member_id)
    if mission_id is not None:
        wanted = wanted.where(Completion.mission_id == mission_id)
    if training_id is not None:
        wanted = wanted.where(Completion.training_id == training_id)
    if not (revoked and member_id is not None):
        wanted = wanted.where(Completion.revoked_at.is_(None))
    if valid:
        wanted = wanted.where(Completion.result != "fail").where(
            or_(Completion.expires_on.is_(None), Completion.expires_on >= func.current_date())
        )
    if after is not None:
        wanted = wanted.where(Completion.id < after)
    rows = (await db.execute(wanted)).all()
    page = [(row[0], row[1], row[2]) for row in rows[:limit]]
    return CompletionPage(page, page[-1][0].id if len(rows) > limit else None)


async def lock_members(db: AsyncSession, discord_ids: Sequence[str]) -> Sequence[LockedMember]:
    """Return those who exist; nobody else writes to their record until we commit.

    Everybody locks members first and in the order of their ids, so that nobody waits in a circle.
    """
    rows = await db.execute(
        select(
            Member.id,
            Member.discord_id,
            func.jsonb_array_length(Member.missions_completed),
            func.jsonb_array_length(Member.trainings_completed),
        )
        .where(Member.discord_id.in_(discord_ids))
        .order_by(Member.id)
        .with_for_update(key_share=True)
    )
    return [LockedMember(*row) for row in rows]


async def holders(
    db: AsyncSession, training_id: UUID, member_ids: Sequence[int], on: object
) -> set[int]:
    """Return who of these members holds the training on that day."""
    found = await db.scalars(
        select(Completion.member_id)
        .where(Completion.member_id.in_(member_ids), Completion.training_id == training_id)
        .where(Completion.revoked_at.is_(None), Completion.result != "fail")
        .where(or_(Completion.expires_on.is_(None), Completion.expires_on >= on))
    )
    return set(found)


_NEXT_MEMBERS = text("SELECT id FROM members WHERE id > :after ORDER BY id LIMIT :limit")
_DIFFERING = text("""
    SELECT members.id FROM members
    JOIN projected_record(:ids) record ON record.member_id = members.id
    WHERE (members.missions_completed, members.trainings_completed, members.stats)
        IS DISTINCT FROM (record.missions, record.trainings, record.stats)
    ORDER BY members.id
""")


async def next_members(db: AsyncSession, after: int, limit: int) -> Sequence[int]:
    """Return the ids of the next members in order."""
    return (await db.scalars(_NEXT_MEMBERS, {"after": after, "limit": limit})).all()


async def differing(db: AsyncSession, member_ids: Sequence[int]) -> Sequence[int]:
    """Return whose profile does not say what the ledger says."""
    return (await db.scalars(_DIFFERING, {"ids": list(member_ids)})).all()
