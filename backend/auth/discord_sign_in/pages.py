from fastapi import APIRouter, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.discord_sign_in import linking
from backend.web.callers import Elevated

router = APIRouter(prefix="/account/discord", include_in_schema=False)


@router.post("/unlink")
async def unlink(caller: Elevated, auth: RunningAuth, origin: RequestOrigin) -> Response:
    await linking.unlink(auth, caller, origin=origin)
    return RedirectResponse("/account?done=unlinked", status.HTTP_303_SEE_OTHER)
