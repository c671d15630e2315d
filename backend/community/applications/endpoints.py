from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from backend.community.access.callers import CallerAccess, Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.applications import actions, queries
from backend.community.applications.schemas import (
    ApplicationDetails,
    ApplicationList,
    Decision,
    MessageDetails,
    MessageList,
    NewApplication,
    NewMessage,
    PageSize,
    Status,
    VoteDetails,
    VoteList,
    VoteRequest,
)
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.models import Application, ApplicationMessage
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/applications", tags=["applications"], route_class=StrictRoute)

MayApply = Annotated[Access, Needs(Permission.APPLICATIONS_SUBMIT)]
MayReview = Annotated[Access, Needs(Permission.APPLICATIONS_REVIEW)]
MayDecide = Annotated[Access, Needs(Permission.APPLICATIONS_DECIDE)]


@router.get("")
async def list_applications(
    db: Transaction,
    _: MayReview,
    cursors: Cursors,
    status: Status | None = None,
    form_id: UUID | None = None,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> ApplicationList:
    """Applications, newest first."""
    listed = f"applications {status} {form_id}"
    after = cursors.read(listed, cursor)
    page = await queries.list_applications(
        db, status=status, form_id=form_id, after=str(after[0]) if after else None, limit=limit
    )
    return ApplicationList(items=list(page.rows), next_cursor=cursors.write(listed, page.last))


@router.post("", status_code=status.HTTP_201_CREATED)
async def apply(
    db: Transaction, new: NewApplication, by: MayApply, origin: RequestOrigin
) -> ApplicationDetails:
    """Hand in an application."""
    return await _details(db, await actions.apply(db, new, by=by, origin=origin))


@router.get("/mine")
async def list_own_applications(
    db: Transaction,
    access: CallerAccess,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> ApplicationList:
    """The caller's own applications, newest first."""
    listed = f"applications of {access.uid}"
    after = cursors.read(listed, cursor)
    page = await queries.list_applications(
        db, applicant=access.uid, after=str(after[0]) if after else None, limit=limit
    )
    return ApplicationList(items=list(page.rows), next_cursor=cursors.write(listed, page.last))


@router.get("/{application_id}")
async def get_application(
    db: Transaction, application_id: UUID, access: CallerAccess
) -> ApplicationDetails:
    """One application, for its applicant and for reviewers."""
    return await _details(db, await queries.get_application(db, application_id, access))


@router.post("/{application_id}/withdraw")
async def withdraw(
    db: Transaction, application_id: UUID, by: CallerAccess, origin: RequestOrigin
) -> ApplicationDetails:
    """Take one's own application back."""
    return await _details(db, await actions.withdraw(db, application_id, by=by, origin=origin))


@router.post("/{application_id}/decision")
async def decide(
    db: Transaction, application_id: UUID, wanted: Decision, by: MayDecide, origin: RequestOrigin
) -> ApplicationDetails:
    """Accept or reject an application; whoever is first has decided."""
    decided = await actions.decide(db, application_id, wanted, by=by, origin=origin)
    return await _details(db, decided)


@router.get("/{application_id}/messages")
async def list_messages(
    db: Transaction,
    application_id: UUID,
    access: CallerAccess,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> MessageList:
    """The thread, oldest first, for the applicant and for reviewers."""
    listed = f"messages of {application_id}"
    (after,) = cursors.read(listed, cursor) or (0,)
    page = await queries.list_messages(db, application_id, access, after=int(after), limit=limit)
    return MessageList(
        items=[MessageDetails.model_validate(one) for one in page.rows],
        next_cursor=cursors.write(listed, page.last),
    )


@router.post(
    "/{application_id}/messages",
    response_model=MessageDetails,
    status_code=status.HTTP_201_CREATED,
)
async def write_message(
    db: Transaction,
    application_id: UUID,
    new: NewMessage,
    by: CallerAccess,
    origin: RequestOrigin,
) -> ApplicationMessage:
    """Write into the thread; internal messages are for reviewers."""
    return await actions.write_message(db, application_id, new, by=by, origin=origin)


@router.get("/{application_id}/votes")
async def list_votes(db: Transaction, application_id: UUID, access: MayReview) -> VoteList:
    """What the reviewers think; not for the applicant, who may be one of them."""
    actions.check_not_own(await queries.get_application(db, application_id, access), access)
    return await _votes(db, application_id)


@router.put("/{application_id}/vote")
async def vote(
    db: Transaction,
    application_id: UUID,
    wanted: VoteRequest,
    by: MayReview,
    origin: RequestOrigin,
) -> VoteList:
    """Vote, or vote differently, until it is decided."""
    await actions.vote(db, application_id, wanted, by=by, origin=origin)
    return await _votes(db, application_id)


async def _details(db: Transaction, application: Application) -> ApplicationDetails:
    (details,) = await queries.describe(db, [application])
    return details


async def _votes(db: Transaction, application_id: UUID) -> VoteList:
    votes = await queries.list_votes(db, application_id)
    return VoteList(items=[VoteDetails.model_validate(one) for one in votes])
