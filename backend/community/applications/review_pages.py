"""One application: its answers, the talk about it, the votes and the decision."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import CallerAccess, Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.applications import actions, queries
from backend.community.applications.schemas import Decision, NewMessage, VoteRequest
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.members.queries import list_names_by_uid
from backend.web.cursors import SignedCursors
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/applications/{application_id}", include_in_schema=False)

MayReview = Annotated[Access, Needs(Permission.APPLICATIONS_REVIEW)]
MayDecide = Annotated[Access, Needs(Permission.APPLICATIONS_DECIDE)]

_MESSAGES = 50
_DONE = {
    "applied": "Your application was handed in. You will find the answer here.",
    "withdrawn": "The application was withdrawn.",
    "written": "Your message was added.",
    "voted": "Your vote counts; you may change it until it is decided.",
    "decided": "It is decided.",
}


@router.get("")
async def application_page(
    request: Request,
    db: Transaction,
    application_id: UUID,
    reader: CallerAccess,
    cursors: Cursors,
    done: str = "",
    cursor: str | None = None,
) -> Response:
    return await _page(request, db, application_id, reader, cursors, done=done, cursor=cursor)


@router.post("/withdraw")
async def withdraw(
    request: Request,
    db: Transaction,
    application_id: UUID,
    by: CallerAccess,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "withdraw") as tried:
        await actions.withdraw(db, application_id, by=by, origin=origin)
    return await _answer(request, db, application_id, by, cursors, tried.refusal, "withdrawn")


@router.post("/messages")
async def write_message(
    request: Request,
    db: Transaction,
    application_id: UUID,
    by: CallerAccess,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "message") as tried:
        new = NewMessage(body=sent.value("body"), internal=sent.has("internal"))
        await actions.write_message(db, application_id, new, by=by, origin=origin)
    return await _answer(request, db, application_id, by, cursors, tried.refusal, "written")


@router.post("/vote")
async def vote(
    request: Request,
    db: Transaction,
    application_id: UUID,
    by: MayReview,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "vote") as tried:
        wanted = VoteRequest.model_validate(
            {"vote": sent.value("vote"), "comment": sent.maybe("comment")}
        )
        await actions.vote(db, application_id, wanted, by=by, origin=origin)
    return await _answer(request, db, application_id, by, cursors, tried.refusal, "voted")


@router.post("/decision")
async def decide(
    request: Request,
    db: Transaction,
    application_id: UUID,
    by: MayDecide,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "decision") as tried:
        wanted = Decision.model_validate(
            {"decision": sent.value("decision"), "reason": sent.value("reason")}
        )
        await actions.decide(db, application_id, wanted, by=by, origin=origin)
    return await _answer(request, db, application_id, by, cursors, tried.refusal, "decided")


async def _answer(
    request: Request,
    db: Transaction,
    application_id: UUID,
    reader: Access,
    cursors: SignedCursors,
    refused: Refusal | None,
    done: str,
) -> Response:
    if refused:
        return await _page(request, db, application_id, reader, cursors, refused=refused)
    path = f"/applications/{application_id}?done={done}"
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)


async def _page(
    request: Request,
    db: Transaction,
    application_id: UUID,
    reader: Access,
    cursors: SignedCursors,
    *,
    done: str = "",
    cursor: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    application = await queries.get_application(db, application_id, reader)
    (details,) = await queries.describe(db, [application])
    listed = f"messages of {application_id}"
    (after,) = cursors.read(listed, cursor) or (0,)
    thread = await queries.list_messages(
        db, application_id, reader, after=int(after), limit=_MESSAGES
    )
    is_own = application.applicant_uid == reader.uid
    reviews = reader.may(Permission.APPLICATIONS_REVIEW) and not is_own
    votes = await queries.list_votes(db, application_id) if reviews else ()
    people = {one.author_uid for one in thread.rows} | {one.voter_uid for one in votes}
    following = cursors.write(listed, thread.last)
    return render(
        request,
        "application.html",
        status=refused.status if refused else status.HTTP_200_OK,
        application=details,
        form=await queries.get_form(db, application.form_id),
        messages=thread.rows,
        votes=votes,
        own_vote=next((one for one in votes if one.voter_uid == reader.uid), None),
        names=await list_names_by_uid(db, people),
        is_own=is_own,
        reviews=reviews,
        may_decide=reader.may(Permission.APPLICATIONS_DECIDE) and not is_own,
        next_url=f"/applications/{application_id}?cursor={following}" if following else None,
        message=_DONE.get(done),
        refused=refused,
    )
