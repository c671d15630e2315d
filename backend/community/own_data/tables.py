"""What the community holds about a person: which rows of which tables are theirs.

A test walks the models: a table that refers to people has its place here, or a reason in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, null, or_, select

from backend.community.models import (
    ApiKey,
    Application,
    ApplicationMessage,
    ApplicationVote,
    Attendance,
    AuditEntry,
    AwardGrant,
    Completion,
    CompletionRevocation,
    CounterChange,
    Departure,
    FormerDiscordId,
    IdempotencyKey,
    ItemHolding,
    ItemMovement,
    Member,
    MemberCounter,
    MirroredUser,
    Occurrence,
    Post,
    RankChange,
    Report,
    Return,
    Score,
    SeasonStanding,
    Signup,
    TrainingInstructor,
)
from backend.own_rows import Held


@dataclass(frozen=True)
class Person:
    """Everything that rows of this side know somebody by; they may have linked several accounts."""

    uid: UUID
    discord_ids: Sequence[str]
    member_ids: Sequence[int]


def _by_member(model: Any) -> Held[Person]:
    return Held(model, lambda person: model.member_id.in_(person.member_ids))


def _by_uid(model: Any, column: Any) -> Held[Person]:
    return Held(model, lambda person: column == person.uid)


def _own_message(person: Person) -> ColumnElement[bool]:
    """Their own messages, and those that they could read about themselves."""
    own = select(Application.id).where(Application.member_id.in_(person.member_ids))
    about = and_(ApplicationMessage.application_id.in_(own), ~ApplicationMessage.is_internal)
    return or_(ApplicationMessage.author_uid == person.uid, about)


_OF_SEVERAL = ("completions.awarded", "award.granted")


def _in_the_log(person: Person) -> ColumnElement[bool]:
    """Entries that name them, by whatever they are known by."""
    named = func.coalesce(
        AuditEntry.details["member"].astext, AuditEntry.details["discord_id"].astext
    )
    several = [AuditEntry.details["members"].has_key(one) for one in person.discord_ids]
    return or_(
        AuditEntry.actor_uid == person.uid,
        AuditEntry.target_uid == person.uid,
        named.in_(person.discord_ids),
        and_(AuditEntry.action.in_(_OF_SEVERAL), or_(*several)) if several else null(),
    )


def _acted(person: Person) -> ColumnElement[Any]:
    return case((AuditEntry.actor_uid == person.uid, AuditEntry.ip), else_=null())


def _concerns(person: Person) -> ColumnElement[Any]:
    is_theirs = or_(AuditEntry.target_uid == person.uid, AuditEntry.target_uid.is_(None))
    return case((is_theirs, AuditEntry.details), else_=null())


def _own_revocation(person: Person) -> ColumnElement[bool]:
    own = select(Completion.id).where(Completion.member_id.in_(person.member_ids))
    return CompletionRevocation.completion_id.in_(own)


HELD: tuple[Held[Person], ...] = (
    _by_uid(MirroredUser, MirroredUser.uid),
    Held(Member, lambda person: Member.id.in_(person.member_ids)),
    _by_uid(FormerDiscordId, FormerDiscordId.uid),
    _by_member(RankChange),
    _by_member(Completion),
    Held(CompletionRevocation, _own_revocation),
    _by_member(Signup),
    _by_member(Attendance),
    Held(Occurrence, lambda person: Occurrence.leader_id.in_(person.member_ids)),
    _by_uid(Report, Report.written_by),
    _by_member(TrainingInstructor),
    _by_member(AwardGrant),
    _by_member(MemberCounter),
    _by_member(CounterChange),
    _by_member(Score),
    _by_member(SeasonStanding),
    _by_member(ItemHolding),
    _by_member(ItemMovement),
    _by_member(Departure),
    _by_member(Return),
    Held(
        Application,
        lambda person: or_(
            Application.member_id.in_(person.member_ids), Application.applicant_uid == person.uid
        ),
    ),
    Held(ApplicationMessage, _own_message),
    _by_uid(ApplicationVote, ApplicationVote.voter_uid),
    _by_uid(Post, Post.author_uid),
    _by_uid(ApiKey, ApiKey.owner_uid),
    _by_uid(IdempotencyKey, IdempotencyKey.actor_uid),
    # An address in the log is that of whoever acted, the details are about whom it was done to.
    Held(AuditEntry, _in_the_log, shown={"ip": _acted, "details": _concerns}),
)

# What somebody did to the things and the records of others: the audit log, which is in the
# download, has an entry for each.
_ACT = "An act of theirs, of which the audit log has the entry."
NOT_SHOWN = {
    "achievements": "What completions says, once more, for the filters of the directory.",
    "counters": _ACT,
    "missions": _ACT,
    "rejected_events": "News of a user that could not be applied: what it says is in users.",
    "seasons": _ACT,
    "trainings": _ACT,
    "webhook_endpoints": _ACT,
}
