from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import CallerAccess
from backend.community.completions.errors import NotAnInstructor
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.members.callers import MaySeeMembers
from backend.community.members.queries import list_names_by_uid
from backend.community.occurrences.callers import may_report
from backend.community.occurrences.queries import Found, get_occurrence
from backend.community.reports import actions, form, queries
from backend.community.reports.callers import check_author
from backend.community.reports.errors import ReportNotFound
from backend.community.reports.form import Row
from backend.community.reports.schemas import NewReport
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.pages import render

router = APIRouter(prefix="/calendar/{occurrence_id}/report", include_in_schema=False)


@router.get("")
async def report_page(
    request: Request, db: Transaction, occurrence_id: UUID, reader: MaySeeMembers
) -> Response:
    found = await get_occurrence(db, occurrence_id)
    report = await queries.get_report(db, occurrence_id)
    written_by = {report.written_by} if report.written_by else set()
    return render(
        request,
        "report.html",
        found=found,
        report=report,
        lines=await queries.list_lines(db, occurrence_id),
        names=await list_names_by_uid(db, written_by),
        may_report=await may_report(db, found, reader),
    )


@router.get("/edit")
async def edit_page(
    request: Request, db: Transaction, occurrence_id: UUID, caller: CallerAccess
) -> Response:
    await check_author(db, occurrence_id, caller)
    found = await get_occurrence(db, occurrence_id)
    if not await may_report(db, found, caller):
        raise NotAnInstructor
    return await _form(request, db, found, await form.rows_at_first(db, found))


@router.post("")
async def save_report(
    request: Request,
    db: Transaction,
    occurrence_id: UUID,
    caller: CallerAccess,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    """Save the report; the form's other button only adds rows to it."""
    await check_author(db, occurrence_id, caller)
    found = await get_occurrence(db, occurrence_id)
    rows = await form.rows_sent(db, found, sent)
    async with attempt(db, sent) as tried:
        rows += await form.rows_added(db, found, sent, rows)
        if sent.value("do") == "add":
            return await _form(request, db, found, rows, sent=sent)
        new = NewReport.model_validate(form.report_of(sent, rows))
        await actions.save_report(db, occurrence_id, new, by=caller, origin=origin)
    if tried.refusal:
        found = await get_occurrence(db, occurrence_id)
        return await _form(request, db, found, rows, sent=sent, refused=tried.refusal)
    path = f"/calendar/{occurrence_id}?done=reported"
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)


async def _form(
    request: Request,
    db: Transaction,
    found: Found,
    rows: list[Row],
    *,
    sent: SentForm | None = None,
    refused: Refusal | None = None,
) -> Response:
    try:
        standing = (await queries.get_report(db, found.occurrence.id)).body
    except ReportNotFound:
        standing = None
    return render(
        request,
        "report_edit.html",
        status=refused.status if refused else status.HTTP_200_OK,
        found=found,
        date=found.occurrence,
        rows=rows,
        body=sent.value("body") if sent else standing or "",
        outcome=sent.value("outcome") if sent else "success",
        # Those who were found have a row by now.
        others=sent.value("others") if sent and refused else "",
        refused=refused,
    )
