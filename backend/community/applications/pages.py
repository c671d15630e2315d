from typing import Annotated, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import CallerAccess, Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.applications import actions, queries
from backend.community.applications.schemas import FormDetails, NewApplication, Status
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/applications", include_in_schema=False)

MayApply = Annotated[Access, Needs(Permission.APPLICATIONS_SUBMIT)]

_PAGE_SIZE = 25
_OWN = 20
_DONE = {
    "form-added": "The form was added.",
    "form-edited": "The form was changed; applications keep the questions that they answered.",
}


@router.get("")
async def applications_page(
    request: Request,
    db: Transaction,
    reader: CallerAccess,
    cursors: Cursors,
    state: str = "pending",
    done: str = "",
    cursor: str | None = None,
) -> Response:
    """Show the forms, one's own applications, and to reviewers everybody's."""
    chosen: Status | None = next((one for one in get_args(Status) if one == state), None)
    manages = reader.may(Permission.APPLICATIONS_MANAGE)
    own = await queries.list_applications(db, applicant=reader.uid, after=None, limit=_OWN)
    listed = f"applications {chosen}"
    page = queries.Page((), None)
    if reader.may(Permission.APPLICATIONS_REVIEW):
        after = cursors.read(listed, cursor)
        page = await queries.list_applications(
            db, status=chosen, after=str(after[0]) if after else None, limit=_PAGE_SIZE
        )
    following = cursors.write(listed, page.last)
    query = urlencode({"state": state, "cursor": following})
    forms = await queries.list_forms(db, closed_too=True)
    return render(
        request,
        "applications.html",
        forms=[form for form in forms if form.is_open or manages],
        form_titles={form.id: form.title for form in forms},
        own=own.rows,
        applications=page.rows,
        states=get_args(Status),
        state=chosen,
        next_url=f"/applications?{query}" if following else None,
        message=_DONE.get(done),
    )


@router.get("/forms/{form_id}")
async def form_page(request: Request, db: Transaction, form_id: UUID, _: MayApply) -> Response:
    return await _form(request, db, form_id)


@router.post("/forms/{form_id}")
async def apply(
    request: Request,
    db: Transaction,
    form_id: UUID,
    by: MayApply,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        form = await queries.get_form(db, form_id)
        keys = [str(question["key"]) for question in form.questions]
        answers = {key: sent.value(f"answer-{key}") for key in keys if sent.maybe(f"answer-{key}")}
        new = NewApplication(form_id=form_id, answers=answers)
        application = await actions.apply(db, new, by=by, origin=origin)
    if tried.refusal:
        return await _form(request, db, form_id, tried.refusal)
    path = f"/applications/{application.id}?done=applied"
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)


async def _form(
    request: Request, db: Transaction, form_id: UUID, refused: Refusal | None = None
) -> Response:
    return render(
        request,
        "application_form.html",
        status=refused.status if refused else status.HTTP_200_OK,
        form=FormDetails.model_validate(await queries.get_form(db, form_id)),
        refused=refused,
    )
