"""Applying, talking about it, voting and deciding. Whoever decides first has decided."""

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.applications.errors import (
    ApplicationDecided,
    ApplicationPending,
    CannotJudgeYourself,
    FormClosed,
    TooSoonToReapply,
)
from backend.community.applications.forms import check_answers
from backend.community.applications.queries import get_application, get_form
from backend.community.applications.schemas import (
    Decision,
    NewApplication,
    NewMessage,
    VoteRequest,
)
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.members.queries import get_member
from backend.community.models import (
    Application,
    ApplicationForm,
    ApplicationMessage,
    ApplicationVote,
    Member,
)


async def apply(
    db: AsyncSession, new: NewApplication, *, by: Access, origin: Origin
) -> Application:
    """Hand in an application.

    Raises FormNotFound, FormClosed, AnswersWrong, ApplicationPending, TooSoonToReapply.
    """
    if by.discord_id is None:
        raise NotLinkedToDiscord
    form = await get_form(db, new.form_id)
    if not form.is_open:
        raise FormClosed
    answers = check_answers(form, new.answers)
    member = await get_member(db, by.discord_id, lock=True)
    await _check_may_apply(db, form, member)
    application = Application(
        form_id=form.id, member_id=member.id, applicant_uid=by.uid, answers=answers
    )
    db.add(application)
    await db.flush()
    await db.refresh(application)
    _record(db, "application.submitted", application, by=by, origin=origin)
    return application


async def _check_may_apply(db: AsyncSession, form: ApplicationForm, member: Member) -> None:
    latest = await db.scalar(
        select(Application)
        .where(Application.form_id == form.id, Application.member_id == member.id)
        .order_by(Application.id.desc())
        .limit(1)
    )
    if latest is None or latest.status == "withdrawn":
        return
    if latest.decided_at is None:
        raise ApplicationPending
    again = latest.decided_at + timedelta(days=form.reapply_after_days)
    if again > datetime.now(UTC):
        raise TooSoonToReapply(again.date() + timedelta(days=1))


async def withdraw(
    db: AsyncSession, application_id: UUID, *, by: Access, origin: Origin
) -> Application:
    """Take one's own application back; raises ApplicationNotFound, ApplicationDecided."""
    own = Access(by.uid, by.role, by.discord_id, frozenset())
    application = await get_application(db, application_id, own, lock=True)
    _end(application, "withdrawn", by, reason=None)
    _record(db, "application.withdrawn", application, by=by, origin=origin)
    return application


async def decide(
    db: AsyncSession, application_id: UUID, wanted: Decision, *, by: Access, origin: Origin
) -> Application:
    """Accept or reject; raises ApplicationNotFound, ApplicationDecided, CannotJudgeYourself."""
    application = await get_application(db, application_id, _as_reviewer(by), lock=True)
    check_not_own(application, by)
    _end(application, wanted.decision, by, reason=wanted.reason)
    _record(db, f"application.{wanted.decision}", application, by=by, origin=origin)
    return application


async def vote(
    db: AsyncSession, application_id: UUID, wanted: VoteRequest, *, by: Access, origin: Origin
) -> None:
    """Vote, or vote differently; raises ApplicationNotFound, ApplicationDecided."""
    application = await get_application(db, application_id, by, lock=True)
    check_not_own(application, by)
    if application.status != "pending":
        raise ApplicationDecided(application.status)
    values = {"vote": wanted.vote, "comment": wanted.comment or None, "at": func.now()}
    await db.execute(
        insert(ApplicationVote)
        .values(application_id=application_id, voter_uid=by.uid, **values)
        .on_conflict_do_update(index_elements=["application_id", "voter_uid"], set_=values)
    )
    _record(db, "application.voted", application, by=by, origin=origin, vote=wanted.vote)


async def write_message(
    db: AsyncSession, application_id: UUID, new: NewMessage, *, by: Access, origin: Origin
) -> ApplicationMessage:
    """Write into the thread; raises ApplicationNotFound, CannotJudgeYourself."""
    application = await get_application(db, application_id, by)
    if new.internal:
        check_not_own(application, by)
    message = ApplicationMessage(
        application_id=application_id, author_uid=by.uid, is_internal=new.internal, body=new.body
    )
    db.add(message)
    await db.flush()
    await db.refresh(message)
    _record(db, "application.answered", application, by=by, origin=origin, internal=new.internal)
    return message


def _as_reviewer(by: Access) -> Access:
    """Whoever may decide may also see what there is to decide."""
    seeing = by.permissions | {Permission.APPLICATIONS_REVIEW.value}
    return Access(by.uid, by.role, by.discord_id, seeing)


def check_not_own(application: Application, by: Access) -> None:
    """Raise CannotJudgeYourself."""
    if application.applicant_uid == by.uid:
        raise CannotJudgeYourself


def _end(
    application: Application,
    status: Literal["accepted", "rejected", "withdrawn"],
    by: Access,
    *,
    reason: str | None,
) -> None:
    if application.status != "pending":
        raise ApplicationDecided(application.status)
    application.status, application.decided_at = status, datetime.now(UTC)
    application.decided_by, application.decision_reason = by.uid, reason


def _record(
    db: AsyncSession,
    action: str,
    application: Application,
    *,
    by: Access,
    origin: Origin,
    **details: str | bool,
) -> None:
    record(
        db, action, actor=by.uid, target=application.applicant_uid, origin=origin,
        application=str(application.id), **details,
    )  # fmt: skip
