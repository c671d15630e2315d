from fastapi import APIRouter, Response

from backend.community.dependencies import RequestOrigin, RunningCommunity
from backend.community.own_data import actions
from backend.community.own_data.schemas import OwnData
from backend.web.callers import AnyElevated

router = APIRouter(prefix="/api/own-data", tags=["own data"])


@router.get("")
async def download_own_data(
    caller: AnyElevated, community: RunningCommunity, origin: RequestOrigin, response: Response
) -> OwnData:
    """All that both sides hold about the caller, without secrets. Needs a fresh proof (`POST /auth/step-up`).

    Open as well to somebody who has a password to change or an account to be deleted.
    """
    response.headers["Content-Disposition"] = 'attachment; filename="own-data.json"'
    return OwnData.model_validate(await actions.download(community, caller, origin=origin))
