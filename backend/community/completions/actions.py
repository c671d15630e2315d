"""What is done to the record. The ledger gets a row; its triggers make the profiles say the same."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.completions.errors import (
    AlreadyCompleted,
    AlreadyRevoked,
    ExpiresBeforehand,
    NotAnInstructor,
    OwnRecord,
    RecordFull,
)
from backend.community.completions.queries import (
    Found,
    LockedMember,
    get_completion,
    holders,
    lock_members,
)
from backend.community.completions.schemas import (
    Award,
    AwardedMember,
    AwardedMembers,
    NewCompletion,
    NewCompletions,
)
from backend.community.members.errors import MemberNotFound
from backend.community.missions.queries import get_current_mission
from backend.community.models import Completion, CompletionRevocation, Training
from backend.community.trainings.queries import get_current_training, is_instructor

LONGEST_RECORD = 5000


async def award(db: AsyncSession, new: NewCompletion, *, by: Access, origin: Origin) -> Found:
    """Write that one member completed something.

    Raises MemberNotFound, OwnRecord, AlreadyCompleted, RecordFull, NotAnInstructor.
    """
    if new.member == by.discord_id:
        raise OwnRecord
    members = await lock_members(db, [new.member])
    if not members:
        raise MemberNotFound
    given = await _write(db, members, new, by)
    if not given:
        raise AlreadyCompleted
    [completion_id] = given.values()
    record(
        db, "completion.awarded", actor=by.uid, origin=origin,
        member=new.member, completion=str(completion_id), completed=new.mission or new.training,
    )  # fmt: skip
    return await get_completion(db, completion_id)


async def award_all(
    db: AsyncSession, new: NewCompletions, *, by: Access, origin: Origin
) -> AwardedMembers:
    """Write that many members completed something; whoever has it already is passed over."""
    members = await lock_members(db, [one for one in new.members if one != by.discord_id])
    given = await _write(db, members, new, by)
    ids = {member.discord_id: member.id for member in members}
    items = [_outcome(one, by, ids, given) for one in new.members]
    record(
        db, "completions.awarded", actor=by.uid, origin=origin,
        completed=new.mission or new.training,
        members={one.member: str(one.completion_id) for one in items if one.completion_id},
    )  # fmt: skip
    return AwardedMembers(awarded=len(given), items=items)


def _outcome(
    discord_id: str, by: Access, ids: Mapping[str, int], given: Mapping[int, UUID]
) -> AwardedMember:
    if discord_id == by.discord_id:
        return AwardedMember(member=discord_id, status="own_record")
    if discord_id not in ids:
        return AwardedMember(member=discord_id, status="member_not_found")
    completion_id = given.get(ids[discord_id])
    if completion_id is None:
        return AwardedMember(member=discord_id, status="already_completed")
    return AwardedMember(member=discord_id, status="awarded", completion_id=completion_id)


async def revoke(
    db: AsyncSession, completion_id: UUID, reason: str, *, by: Access, origin: Origin
) -> Found:
    """Take a completion back. Raises CompletionNotFound, OwnRecord, AlreadyRevoked."""
    _, _, discord_id = await get_completion(db, completion_id)
    if discord_id == by.discord_id:
        raise OwnRecord
    await lock_members(db, [discord_id])
    if not await write_revocations(db, [completion_id], reason, by.uid):
        raise AlreadyRevoked
    record(
        db, "completion.revoked", actor=by.uid, origin=origin,
        member=discord_id, completion=str(completion_id), reason=reason,
    )  # fmt: skip
    db.expire_all()
    return await get_completion(db, completion_id)


async def _write(
    db: AsyncSession, members: Sequence[LockedMember], new: Award, by: Access
) -> dict[int, UUID]:
    """Write the entries of those who do not have it yet; returns their ids by member."""
    completed_at = new.completed_at or datetime.now(UTC)
    if new.mission is not None:
        values = await _mission_values(db, new, new.mission)
        wanted = [member.id for member in members]
    else:
        training = await get_current_training(db, new.training or "")
        await check_instructor(db, training.id, new.result, by)
        values = training_values(training, new, completed_at, by)
        wanted = await _without_holders(db, members, new, training.id, completed_at.date())
    values |= {"completed_at": completed_at, "awarded_by": by.uid, "via": via(by)}
    values |= {"note": new.note, "evidence": new.evidence}
    check_room(members, values["kind"])
    return await write_completions(db, [{"member_id": one, **values} for one in wanted])


async def _mission_values(db: AsyncSession, new: Award, slug: str) -> dict[str, Any]:
    mission = await get_current_mission(db, slug)
    return {
        "kind": "mission",
        "mission_id": mission.id,
        "slug": mission.slug,
        "title": mission.title,
        "role": new.role,
        "outcome": new.outcome,
        "minutes": mission.minutes if new.minutes is None else new.minutes,
        "points": mission.points if new.points is None else new.points,
    }


def training_values(
    training: Training, new: Award, completed_at: datetime, by: Access
) -> dict[str, Any]:
    """Return what the ledger says of a training, with what the catalogue says of it now."""
    expires = new.expires_on
    if expires is None and training.valid_days is not None and new.result != "fail":
        expires = completed_at.date() + timedelta(days=training.valid_days)
    if expires is not None and expires < completed_at.date():
        raise ExpiresBeforehand
    points = training.points if new.points is None else new.points
    return {
        "kind": "training",
        "training_id": training.id,
        "slug": training.slug,
        "title": training.title,
        "level": training.level,
        "result": new.result,
        "score": new.score,
        "instructor_uid": None if new.result == "waived" else by.uid,
        "expires_on": expires,
        "repeat_on": completed_at.date(),
        "points": 0 if new.result == "fail" and new.points is None else points,
    }


async def check_instructor(db: AsyncSession, training_id: UUID, result: str, by: Access) -> None:
    """Let only a listed instructor pass or fail people; others who award may waive a training."""
    if result != "waived" and not await is_instructor(db, training_id, by.discord_id):
        raise NotAnInstructor


async def _without_holders(
    db: AsyncSession, members: Sequence[LockedMember], new: Award, training_id: UUID, on: date
) -> list[int]:
    ids = [member.id for member in members]
    if new.renew or new.result == "fail":
        return ids
    holding = await holders(db, training_id, ids, on)
    return [one for one in ids if one not in holding]


def via(by: Access) -> str:
    """Return how an entry comes into the ledger: by a person or by a program."""
    return "web" if by.key_id is None else "api"


def check_room(members: Sequence[LockedMember], kind: str) -> None:
    full = [m.missions if kind == "mission" else m.trainings for m in members]
    if any(length >= LONGEST_RECORD for length in full):
        raise RecordFull


async def write_completions(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> dict[int, UUID]:
    """Add entries to the ledger, of locked members; what is there already is left out of the answer."""
    if not rows:
        return {}
    added = await db.execute(
        insert(Completion).on_conflict_do_nothing().returning(Completion.member_id, Completion.id),
        [dict(row) for row in rows],
    )
    return {row.member_id: row.id for row in added}


async def write_revocations(
    db: AsyncSession, completion_ids: Sequence[UUID], reason: str, by: UUID | None
) -> Sequence[UUID]:
    """Revoke entries of locked members; returns those that were not revoked before."""
    if not completion_ids:
        return []
    added = await db.scalars(
        insert(CompletionRevocation)
        .on_conflict_do_nothing()
        .returning(CompletionRevocation.completion_id),
        [{"completion_id": one, "reason": reason, "revoked_by": by} for one in completion_ids],
    )
    return added.all()


_PROJECT = text("SELECT project_record(:ids)")


async def repair(db: AsyncSession, member_ids: Sequence[int]) -> None:
    """Write what the ledger says into these profiles once more."""
    await db.execute(_PROJECT, {"ids": list(member_ids)})
