from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.responses import StreamingResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.dependencies import RequestOrigin, RunningCommunity, Transaction
from backend.community.porting.exports import Format, export
from backend.community.porting.turns import download
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/export", tags=["members"], route_class=StrictRoute)

MayExport = Annotated[Access, Needs(Permission.MEMBERS_EXPORT)]
# Ends after the answer, unlike the transaction: what is downloaded is read meanwhile.
Download = Annotated[AsyncExitStack, Depends(download, scope="request")]


@router.get(
    "",
    response_class=Response,
    responses={200: {"content": {one.media_type: {} for one in Format}}},
)
async def export_community(
    db: Transaction,
    community: RunningCommunity,
    caller: MayExport,
    # After the permission: who may not export takes nobody's turn.
    ending: Download,
    origin: RequestOrigin,
    wanted: Annotated[
        Format, Query(alias="format", description="JSON Lines, or a zip of CSV files.")
    ] = Format.JSON,
) -> Response:
    """Download members, their records, careers and awards, and the catalogues, as of one moment.

    A file that breaks off lacks its last line, or does not open as a zip: an import refuses it.
    Two downloads run at a time; a third is told to come back (503, `exports_busy`).
    """
    record(db, "members.exported", actor=caller.uid, origin=origin, format=wanted)
    name = f"{datetime.now(UTC):%Y-%m-%d}-{wanted.file_name}"
    content = await ending.enter_async_context(aclosing(export(community.database, wanted)))
    return StreamingResponse(
        content,
        media_type=wanted.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
