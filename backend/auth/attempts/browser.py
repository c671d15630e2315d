"""What a browser keeps of a sign-in with a password, for the API and the pages alike."""

from fastapi import Request, Response

from backend.auth.attempts.devices import LIFETIME_SECONDS
from backend.auth.crypto.secrets import looks_like_a_token, new_token
from backend.auth.sessions.actions import StartedSession
from backend.auth.side import Auth
from backend.web.state import web_of


def device_of(request: Request) -> str:
    """Return the secret of the browser, a new one for a browser that has none."""
    known = web_of(request).cookies.device_token(request.headers.get("cookie", ""))
    return known if known and looks_like_a_token(known) else new_token()


def keep_sign_in(
    request: Request, response: Response, auth: Auth, session: StartedSession, device: str
) -> None:
    cookies = web_of(request).cookies
    cookies.set_session(response, session.token, max_age=auth.settings.session_seconds)
    cookies.set_device(response, device, max_age=LIFETIME_SECONDS)
