"""Where a signed-in person links their Discord account; the callback is that of the sign-in."""

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.discord_sign_in import linking
from backend.auth.discord_sign_in.endpoints import send_to_discord
from backend.auth.discord_sign_in.errors import DiscordAlreadyLinked, LinkRefused
from backend.web.callers import Elevated

router = APIRouter(prefix="/auth/discord", tags=["account"])

_BACK = "/account?done=linked"


@router.get("/link", status_code=status.HTTP_302_FOUND, response_class=RedirectResponse)
async def begin_link(request: Request, caller: Elevated) -> Response:
    """Send the caller to Discord to link the account they have there."""
    # A link on another site must not begin it: SameSite=Lax sends the cookie with it.
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise LinkRefused
    if caller.discord_id is not None:
        raise DiscordAlreadyLinked
    return await send_to_discord(request, _BACK, session_id=caller.session_id)


@router.delete("/link", status_code=status.HTTP_204_NO_CONTENT)
async def unlink(caller: Elevated, auth: RunningAuth, origin: RequestOrigin) -> None:
    """Unlink the caller's Discord account, if they have another way to sign in."""
    await linking.unlink(auth, caller, origin=origin)
