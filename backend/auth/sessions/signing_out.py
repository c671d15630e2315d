"""Signing out, as the API and the pages both do it."""

from fastapi import Request, Response

from backend.auth.audit.origin import Origin
from backend.auth.sessions.actions import end_session_of_token, sign_out
from backend.auth.side import Auth
from backend.web.callers import find_caller
from backend.web.state import web_of


async def end_current_session(
    request: Request, response: Response, auth: Auth, origin: Origin
) -> None:
    """End the session that asks and tell the browser to forget it; saying it twice is no error."""
    cookies = web_of(request).cookies
    token = cookies.session_token(request.headers.get("cookie", ""))
    if "authorization" in request.headers:
        caller = await find_caller(request)
        if caller is not None:
            await sign_out(auth.database, caller.session_id, origin=origin)
    elif token is not None and token.isascii():
        await end_session_of_token(auth.database, token, reason="signed_out", origin=origin)
    cookies.clear_session(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
