"""The two addresses of the Discord sign-in, both visited by browsers."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.crypto.secrets import looks_like_a_token
from backend.auth.dependencies import request_origin, running_auth
from backend.auth.discord_sign_in import actions, linking
from backend.auth.discord_sign_in.errors import (
    CallbackMalformed,
    IssuerRefused,
    LinkRefused,
    SignInCancelled,
    SignInRefusedByDiscord,
    StateRefused,
)
from backend.auth.discord_sign_in.states import LIFETIME_SECONDS, ConsumedState
from backend.auth.limits.dependencies import announce
from backend.auth.limits.policies import DISCORD_SIGN_IN
from backend.web.callers import require_caller
from backend.web.direct_route import DirectRoute
from backend.web.next_path import safe_next_path
from backend.web.state import web_of

router = APIRouter(prefix="/auth/discord", tags=["sign in"], route_class=DirectRoute)

_LONGEST_CODE = 512
_CHECKED_ONCE = ("state", "code", "iss", "error")
_NEXT = {
    "name": "next",
    "in": "query",
    "description": "The page to come back to: a path on this site.",
    "schema": {"type": "string", "maxLength": 512, "default": "/"},
}


@router.get(
    "/login",
    status_code=status.HTTP_302_FOUND,
    response_class=RedirectResponse,
    openapi_extra={"parameters": [_NEXT]},
)
async def begin_sign_in(request: Request) -> Response:
    """Send the browser to Discord: state, PKCE S256, and a cookie that binds the sign-in to it."""
    # Beside anything else `next` may be half of an address that somebody cut in two.
    query = request.query_params.multi_items()
    next_path = safe_next_path(query[0][1] if [name for name, _ in query] == ["next"] else None)
    return await send_to_discord(request, next_path)


async def send_to_discord(
    request: Request, next_path: str, *, session_id: UUID | None = None
) -> Response:
    """Redirect to Discord, with the cookie that the callback will ask for."""
    auth, cookies = await running_auth(request), web_of(request).cookies
    present = cookies.browsers(request.headers.get("cookie", ""))
    name, secret = next(
        ((name, value) for name, value in present.items() if looks_like_a_token(value)),
        (cookies.new_browser_name(), None),
    )
    network = (await request_origin(request)).network
    begun = await actions.begin(
        auth, next_path=next_path, browser=secret, network=network, session_id=session_id
    )
    if begun.taken is not None:
        announce(request, DISCORD_SIGN_IN, begun.taken)
    response = RedirectResponse(begun.authorize_url, status.HTTP_302_FOUND)
    cookies.set_browser(response, name, begun.browser, max_age=LIFETIME_SECONDS)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@router.get("/callback", status_code=status.HTTP_303_SEE_OTHER, response_class=RedirectResponse)
async def finish_sign_in(request: Request) -> Response:
    """Take the browser back from Discord. The state is used up before anything else is believed."""
    auth, origin = await running_auth(request), await request_origin(request)
    answer = _read_answer(request)
    cookies = web_of(request).cookies
    cookie_header = request.headers.get("cookie", "")
    consumed = await actions.consume_state(
        auth, state=answer.get("state", ""), browsers=cookies.browsers(cookie_header).values()
    )
    code = _accept(answer, issuer=auth.settings.discord_issuer)
    if consumed.purpose == "link":
        return await finish_link(request, consumed, code)
    before = cookies.session_token(cookie_header)
    session = await actions.finish(
        auth,
        code=code,
        code_verifier=consumed.code_verifier,
        replacing=before if before and looks_like_a_token(before) else None,
        origin=origin,
    )
    response = RedirectResponse(consumed.next_path, status.HTTP_303_SEE_OTHER)
    cookies.set_session(response, session.token, max_age=auth.settings.session_seconds)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def finish_link(request: Request, consumed: ConsumedState, code: str) -> Response:
    """Link for the very session that began it, whoever else is signed in here by now."""
    caller = await require_caller(request)
    if caller.session_id != consumed.session_id:
        raise LinkRefused
    await linking.finish_link(
        await running_auth(request),
        caller,
        code=code,
        code_verifier=consumed.code_verifier,
        origin=await request_origin(request),
    )
    response = RedirectResponse(consumed.next_path, status.HTTP_303_SEE_OTHER)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _read_answer(request: Request) -> dict[str, str]:
    """Return the parameters that count; any of them twice makes the whole answer void."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in _CHECKED_ONCE:
            if name in found:
                raise CallbackMalformed
            found[name] = value
    if "state" not in found:
        raise StateRefused
    return found


def _accept(answer: Mapping[str, str], *, issuer: str) -> str:
    """Return the code, or raise what the answer amounts to (Discord facts 1.3).

    ``iss`` may be absent; if it is there it must be the issuer, character for character (RFC 9207).
    """
    if answer.get("iss", issuer) != issuer:
        raise IssuerRefused
    if "error" in answer:
        if answer["error"] == "access_denied":
            raise SignInCancelled
        raise SignInRefusedByDiscord
    code = answer.get("code", "")
    if not code or len(code) > _LONGEST_CODE or not code.isascii() or not code.isprintable():
        raise CallbackMalformed
    return code
