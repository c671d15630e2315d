from typing import Any

import orjson
from fastapi import APIRouter, Response

from backend.community.dependencies import RequestOrigin, RunningCommunity
from backend.community.own_data import actions
from backend.web.callers import AnyElevated

router = APIRouter(include_in_schema=False)


@router.get("/profile/data")
async def download_own_data(
    caller: AnyElevated, community: RunningCommunity, origin: RequestOrigin
) -> Response:
    """The same document for somebody with a browser, who is asked for a proof if need be."""
    document: dict[str, Any] = await actions.download(community, caller, origin=origin)
    return Response(
        orjson.dumps(document, option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="own-data.json"'},
    )
