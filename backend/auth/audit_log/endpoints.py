from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from backend.auth.audit_log.cursors import read_place, write_place
from backend.auth.audit_log.export import export_csv
from backend.auth.audit_log.queries import list_entries
from backend.auth.audit_log.schemas import AuditEntryDetails, AuditList, AuditListQuery, AuditQuery
from backend.auth.dependencies import RunningAuth
from backend.web.callers import Admin, ElevatedAdmin

router = APIRouter(prefix="/auth", tags=["admin"])


@router.get("/audit")
async def list_audit_log(
    wanted: Annotated[AuditListQuery, Query()], _: Admin, auth: RunningAuth
) -> AuditList:
    """Who did what to whom, the newest first."""
    after = read_place(wanted.cursor)
    async with auth.database.transaction() as db:
        page = await list_entries(db, wanted.filter, after=after, limit=wanted.limit)
    return AuditList(
        items=[AuditEntryDetails.of(entry) for entry in page.entries],
        next_cursor=write_place(page.last),
    )


@router.get(
    "/audit.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def export_audit_log(
    wanted: Annotated[AuditQuery, Query()], _: ElevatedAdmin, auth: RunningAuth
) -> Response:
    """The same as a file for spreadsheets, all of it."""
    return StreamingResponse(
        export_csv(auth, wanted.filter),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="farout-audit.csv"'},
    )
