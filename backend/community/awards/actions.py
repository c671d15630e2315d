"""Awards: a rule suggests, a person confirms, and what was granted may be withdrawn."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.awards import queries
from backend.community.awards.errors import AwardArchived, CannotAwardYourself, GrantWithdrawn
from backend.community.awards.schemas import AwardEdit, GrantRequest, GrantResult, NewAward
from backend.community.members.queries import find_uid
from backend.community.models import Award, AwardGrant, Member


async def add_award(db: AsyncSession, new: NewAward, *, by: Access, origin: Origin) -> Award:
    award = Award(**new.model_dump())
    db.add(award)
    await db.flush()
    await db.refresh(award)
    record(db, "award.added", actor=by.uid, target=None, origin=origin, award=str(award.id))
    return award


async def edit_award(
    db: AsyncSession, award_id: UUID, edit: AwardEdit, *, by: Access, origin: Origin
) -> Award:
    """Rename, describe, archive or bring back an award, or change its rule; raises AwardNotFound."""
    award = await queries.get_award(db, award_id, lock=True)
    wanted = edit.model_dump(exclude_unset=True, exclude={"archived"})
    changed = sorted(name for name, value in wanted.items() if getattr(award, name) != value)
    for name in changed:
        setattr(award, name, wanted[name])
    if edit.archived is not None and edit.archived != (award.archived_at is not None):
        award.archived_at = datetime.now(UTC) if edit.archived else None
        changed.append("archived")
    if changed:
        record(
            db, "award.edited", actor=by.uid, target=None, origin=origin, award=str(award.id),
            changed=changed, rule=award.rule,
        )  # fmt: skip
    return award


async def grant_award(
    db: AsyncSession, award_id: UUID, wanted: GrantRequest, *, by: Access, origin: Origin
) -> GrantResult:
    """Grant an award to all who are named and do not have it yet, in one go.

    Raises AwardNotFound, AwardArchived, MembersNotFound, CannotAwardYourself.
    """
    award = await queries.get_award(db, award_id, lock=True)
    if award.archived_at is not None:
        raise AwardArchived
    if by.discord_id in wanted.discord_ids and not by.is_admin:
        raise CannotAwardYourself
    members = await queries.list_members_by_id(db, set(wanted.discord_ids))
    granted = await _insert_grants(db, award_id, list(members.values()), wanted.reason, by)
    result = GrantResult(
        granted=sorted(one for one in members if members[one].id in granted),
        had_it=sorted(one for one in members if members[one].id not in granted),
    )
    if result.granted:
        only = result.granted[0] if len(result.granted) == 1 else None
        record(
            db, "award.granted", actor=by.uid, target=await find_uid(db, only) if only else None,
            origin=origin, award=str(award_id), members=result.granted, reason=wanted.reason,
        )  # fmt: skip
    return result


async def _insert_grants(
    db: AsyncSession, award_id: UUID, members: list[Member], reason: str, by: Access
) -> set[int]:
    rows = [
        {"award_id": award_id, "member_id": one.id, "reason": reason, "granted_by": by.uid}
        for one in members
    ]
    new = insert(AwardGrant).values(rows).on_conflict_do_nothing().returning(AwardGrant.member_id)
    return set((await db.scalars(new)).all())


async def withdraw_award(
    db: AsyncSession, grant_id: UUID, reason: str, *, by: Access, origin: Origin
) -> None:
    """Withdraw what was granted; raises GrantNotFound, GrantWithdrawn."""
    grant = await queries.get_grant(db, grant_id, lock=True)
    if grant.withdrawn_at is not None:
        raise GrantWithdrawn
    grant.withdrawn_at, grant.withdrawn_by = datetime.now(UTC), by.uid
    grant.withdraw_reason = reason
    member = await db.get(Member, grant.member_id)
    discord_id = member.discord_id if member else ""
    record(
        db, "award.withdrawn", actor=by.uid, target=await find_uid(db, discord_id), origin=origin,
        award=str(grant.award_id), discord_id=discord_id, reason=reason,
    )  # fmt: skip
