"""The forms that applicants fill in: made and changed by those who manage them."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.applications import forms, queries
from backend.community.applications.schemas import FormDetails, FormEdit, NewForm
from backend.community.dependencies import RequestOrigin, Transaction
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.pages import render

router = APIRouter(prefix="/applications/forms", include_in_schema=False)

MayManage = Annotated[Access, Needs(Permission.APPLICATIONS_MANAGE)]

_MOST_QUESTIONS = 50
# Empty rows below the questions that there are.
_MORE = 3
_NO_QUESTION = {"key": "", "label": "", "required": True, "options": []}


@router.get("/new")
async def new_form_page(request: Request, _: MayManage) -> Response:
    return _page(request, None)


@router.post("")
async def add_form(
    request: Request, db: Transaction, by: MayManage, origin: RequestOrigin, sent: Sent
) -> Response:
    async with attempt(db, sent) as tried:
        new = NewForm.model_validate(_values(sent))
        await forms.add_form(db, new, by=by, origin=origin)
    if tried.refusal:
        return _page(request, None, tried.refusal)
    return _done("form-added")


@router.get("/{form_id}/edit")
async def edit_form_page(
    request: Request, db: Transaction, form_id: UUID, _: MayManage
) -> Response:
    form = await queries.get_form(db, form_id)
    return _page(request, FormDetails.model_validate(form))


@router.post("/{form_id}/edit")
async def edit_form(
    request: Request,
    db: Transaction,
    form_id: UUID,
    by: MayManage,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        # An empty description stays as it was when it is left out, so it is sent as it is.
        values = _values(sent) | {"description": sent.value("description")}
        edit = FormEdit.model_validate(values)
        await forms.edit_form(db, form_id, edit, by=by, origin=origin)
    if tried.refusal:
        form = await queries.get_form(db, form_id)
        return _page(request, FormDetails.model_validate(form), tried.refusal)
    return _done("form-edited")


def _values(sent: SentForm) -> dict[str, Any]:
    return {
        "title": sent.value("title"),
        "description": sent.maybe("description"),
        "questions": _questions(sent),
        "reapply_after_days": sent.number("reapply_after_days"),
        "is_open": sent.has("is_open"),
    }


def _questions(sent: SentForm) -> list[dict[str, Any]]:
    """Return the rows that have a question; a new one gets a key made of its words."""
    found: list[dict[str, Any]] = []
    for row in range(_MOST_QUESTIONS):
        label = sent.value(f"label-{row}")
        if not label.strip():
            continue
        taken = {one["key"] for one in found}
        found.append(
            {
                "key": sent.maybe(f"key-{row}") or _key(label, row, taken),
                "label": label,
                "required": sent.has(f"required-{row}"),
                "options": sent.lines(f"options-{row}"),
            }
        )
    return found


def _key(label: str, row: int, taken: set[str]) -> str:
    key = re.sub(r"[^a-z0-9]+", "-", label.lower())[:50].strip("-") or "question"
    return f"{key}-{row}" if key in taken else key


def _page(request: Request, form: FormDetails | None, refused: Refusal | None = None) -> Response:
    if refused:
        questions = _questions(refused.sent)
    else:
        questions = [one.model_dump() for one in form.questions] if form else []
    empty = min(_MORE, _MOST_QUESTIONS - len(questions))
    return render(
        request,
        "application_form_edit.html",
        status=refused.status if refused else status.HTTP_200_OK,
        form=form,
        questions=[*questions, *[_NO_QUESTION] * empty],
        refused=refused,
    )


def _done(done: str) -> Response:
    return RedirectResponse(f"/applications?done={done}", status.HTTP_303_SEE_OTHER)
