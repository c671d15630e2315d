from uuid import UUID

from fastapi import APIRouter, Response, status

from backend.community.access.callers import CallerAccess
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.idempotency.dependencies import OnceOnly
from backend.community.members.callers import MaySeeMembers
from backend.community.reports import actions, queries
from backend.community.reports.callers import check_author
from backend.community.reports.schemas import LineDetails, NewReport, ReportAnswer, ReportDetails
from backend.web.strict_json import StrictRoute

router = APIRouter(
    prefix="/api/occurrences/{occurrence_id}/report", tags=["occurrences"], route_class=StrictRoute
)


@router.get("")
async def get_report(db: Transaction, occurrence_id: UUID, _: MaySeeMembers) -> ReportDetails:
    """What was written after a date, and who was there."""
    report = await queries.get_report(db, occurrence_id)
    lines = await queries.list_lines(db, occurrence_id)
    return ReportDetails(
        occurrence_id=report.occurrence_id,
        body=report.body,
        revision=report.revision,
        written_by=report.written_by,
        written_at=report.written_at,
        people=[LineDetails.model_validate(line, from_attributes=True) for line in lines],
    )


@router.put("", response_model=ReportAnswer)
async def save_report(
    db: Transaction,
    occurrence_id: UUID,
    new: NewReport,
    caller: CallerAccess,
    origin: RequestOrigin,
    once: OnceOnly,
) -> Response:
    """Write the whole report: everybody who was there is awarded, and who is struck off is not.

    For whoever may award; the report of a class is written by a listed instructor of its training.
    """
    await check_author(db, occurrence_id, caller)

    async def act() -> ReportAnswer:
        saved = await actions.save_report(db, occurrence_id, new, by=caller, origin=origin)
        report = await get_report(db, occurrence_id, caller)
        return ReportAnswer(**report.model_dump(), awarded=saved.awarded, revoked=saved.revoked)

    return await once.answer(new, status.HTTP_200_OK, act)
