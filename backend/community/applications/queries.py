from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.applications.errors import ApplicationNotFound, FormNotFound
from backend.community.applications.schemas import ApplicationDetails, Status
from backend.community.models import (
    Application,
    ApplicationForm,
    ApplicationMessage,
    ApplicationVote,
    Member,
)


@dataclass(frozen=True)
class Page:
    """Some rows; ``last`` is where the next page goes on."""

    rows: Sequence[Any]
    last: tuple[str | int] | None


async def list_forms(db: AsyncSession, *, closed_too: bool) -> Sequence[ApplicationForm]:
    forms = select(ApplicationForm).order_by(ApplicationForm.id)
    if not closed_too:
        forms = forms.where(ApplicationForm.is_open)
    return (await db.scalars(forms)).all()


async def get_form(db: AsyncSession, form_id: UUID, *, lock: bool = False) -> ApplicationForm:
    form = await db.get(ApplicationForm, form_id, with_for_update=lock or None)
    if form is None:
        raise FormNotFound
    return form


async def get_application(
    db: AsyncSession, application_id: UUID, reader: Access, *, lock: bool = False
) -> Application:
    """Return an application that the reader may see; any other is as if it were not there."""
    application = await db.get(Application, application_id, with_for_update=lock or None)
    if application is None or not _may_see(application, reader):
        raise ApplicationNotFound
    return application


def _may_see(application: Application, reader: Access) -> bool:
    is_own = application.applicant_uid == reader.uid
    return is_own or reader.may(Permission.APPLICATIONS_REVIEW)


async def list_applications(
    db: AsyncSession,
    *,
    applicant: UUID | None = None,
    status: Status | None = None,
    form_id: UUID | None = None,
    after: str | None,
    limit: int,
) -> Page:
    """Return applications, newest first."""
    found = select(Application).order_by(Application.id.desc()).limit(limit + 1)
    if applicant is not None:
        found = found.where(Application.applicant_uid == applicant)
    if status is not None:
        found = found.where(Application.status == status)
    if form_id is not None:
        found = found.where(Application.form_id == form_id)
    if after is not None:
        found = found.where(Application.id < UUID(after))
    rows = (await db.scalars(found)).all()
    page = rows[:limit]
    last = (str(page[-1].id),) if len(rows) > limit else None
    return Page(await describe(db, page), last)


async def describe(
    db: AsyncSession, applications: Sequence[Application]
) -> list[ApplicationDetails]:
    """Return applications with their applicants' names."""
    wanted = {application.member_id for application in applications}
    members = (await db.scalars(select(Member).where(Member.id.in_(wanted)))).all()
    applicants = {member.id: member for member in members}
    return [
        ApplicationDetails.model_validate(
            {
                name: getattr(one, name)
                for name in ApplicationDetails.model_fields
                if hasattr(one, name)
            }
            | {
                "discord_id": applicants[one.member_id].discord_id,
                "display_name": applicants[one.member_id].display_name,
            }
        )
        for one in applications
    ]


async def list_messages(
    db: AsyncSession, application_id: UUID, reader: Access, *, after: int, limit: int
) -> Page:
    """Return the thread, oldest first; internal messages for reviewers alone, their own included."""
    application = await get_application(db, application_id, reader)
    messages = (
        select(ApplicationMessage)
        .where(ApplicationMessage.application_id == application_id, ApplicationMessage.id > after)
        .order_by(ApplicationMessage.id)
        .limit(limit + 1)
    )
    if application.applicant_uid == reader.uid:
        messages = messages.where(~ApplicationMessage.is_internal)
    rows = (await db.scalars(messages)).all()
    page = rows[:limit]
    return Page(page, (page[-1].id,) if len(rows) > limit else None)


async def list_votes(db: AsyncSession, application_id: UUID) -> Sequence[ApplicationVote]:
    votes = select(ApplicationVote).where(ApplicationVote.application_id == application_id)
    return (await db.scalars(votes.order_by(ApplicationVote.at))).all()
