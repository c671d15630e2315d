from fastapi import APIRouter, Request, Response, status

from backend.auth.attempts.browser import device_of, keep_sign_in
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.identify import Identify
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import PASSWORD_SIGN_IN
from backend.auth.passwords import actions
from backend.auth.passwords.errors import InvalidCredentials
from backend.auth.passwords.schemas import PasswordChange, PasswordSignIn
from backend.auth.sessions.endpoints import describe_session
from backend.auth.sessions.schemas import CurrentSession
from backend.bridge.identity import Credentials
from backend.web.callers import VerifiedCaller

router = APIRouter(prefix="/auth", tags=["sign in"])


@router.post("/login", response_model=CurrentSession, dependencies=[limited(PASSWORD_SIGN_IN)])
async def sign_in_with_password(
    request: Request, sign_in: PasswordSignIn, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Sign in with a user name or e-mail address and a password; sets the session cookie."""
    device = device_of(request)
    session = await actions.sign_in_with_password(
        auth,
        identifier=sign_in.identifier,
        password=sign_in.password.get_secret_value(),
        origin=origin,
        device=device,
    )
    identity = await Identify(auth)(Credentials(cookie=session.token))
    if identity is None:
        raise InvalidCredentials
    response = describe_session(identity)
    keep_sign_in(request, response, auth, session, device)
    return response


@router.post("/password/change", status_code=status.HTTP_204_NO_CONTENT)
async def change_password(
    change: PasswordChange, caller: VerifiedCaller, auth: RunningAuth, origin: RequestOrigin
) -> None:
    """Replace the caller's password. All of their other sessions end."""
    await actions.change_password(
        auth,
        caller,
        current=change.current_password.get_secret_value(),
        new=change.new_password.get_secret_value(),
        origin=origin,
    )
