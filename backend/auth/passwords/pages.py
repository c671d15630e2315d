from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.attempts.browser import device_of, keep_sign_in
from backend.auth.attempts.errors import TooManyAttempts
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.factors.code_form import code_form
from backend.auth.factors.errors import TotpRequired
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import PASSWORD_SIGN_IN
from backend.auth.passwords import actions
from backend.auth.passwords.errors import InvalidCredentials
from backend.errors import BadInput, Conflict, FaroutError, TooMany
from backend.web.callers import MaybeCaller, VerifiedCaller
from backend.web.error_responses import status_of
from backend.web.next_path import safe_next_path
from backend.web.pages import render, sign_in_url

router = APIRouter(include_in_schema=False)

_DONE = {
    "verified": "Your e-mail address is confirmed. Sign in.",
    "reset": "Your password was changed and all sessions were ended. Sign in with the new one.",
}

Field = Annotated[str, Form(max_length=4096)]


@router.get("/sign-in")
async def sign_in_page(
    request: Request,
    caller: MaybeCaller,
    auth: RunningAuth,
    next: str = "/",  # noqa: A002
    done: str = "",
) -> Response:
    next_path = safe_next_path(next)
    if caller is not None:
        return RedirectResponse(next_path, status.HTTP_303_SEE_OTHER)
    return _sign_in_form(request, auth, next_path, done=_DONE.get(done))


@router.post("/sign-in", dependencies=[limited(PASSWORD_SIGN_IN)])
async def sign_in(
    request: Request,
    auth: RunningAuth,
    origin: RequestOrigin,
    identifier: Field,
    password: Field,
    next: Field = "/",  # noqa: A002
) -> Response:
    next_path, device = safe_next_path(next), device_of(request)
    try:
        session = await actions.sign_in_with_password(
            auth, identifier=identifier, password=password, origin=origin, device=device
        )
    except TotpRequired as required:
        return code_form(request, required.challenge, next_path)
    except (InvalidCredentials, TooManyAttempts) as error:
        return _sign_in_form(request, auth, next_path, error=error, identifier=identifier)
    response = RedirectResponse(next_path, status.HTTP_303_SEE_OTHER)
    keep_sign_in(request, response, auth, session, device)
    return response


@router.get("/password")
async def password_page(request: Request, caller: VerifiedCaller) -> Response:
    return render(request, "password.html", forced=caller.must_change_password, message=None)


@router.post("/password")
async def change_password(
    request: Request,
    caller: VerifiedCaller,
    auth: RunningAuth,
    origin: RequestOrigin,
    current_password: Field,
    new_password: Field,
    repeated: Field,
) -> Response:
    def again(message: str, code: int) -> Response:
        return render(
            request, "password.html", status=code, forced=caller.must_change_password,
            message=message,
        )  # fmt: skip

    if new_password != repeated:
        return again("The new password was not repeated the same way.", 400)
    try:
        await actions.change_password(
            auth, caller, current=current_password, new=new_password, origin=origin
        )
    except (BadInput, Conflict, TooMany) as error:
        return again(str(error), status_of(error))
    return RedirectResponse("/account?done=password", status.HTTP_303_SEE_OTHER)


def _sign_in_form(
    request: Request,
    auth: RunningAuth,
    next_path: str,
    *,
    error: FaroutError | None = None,
    identifier: str = "",
    done: str | None = None,
) -> Response:
    response = render(
        request,
        "sign_in.html",
        status=status_of(error) if error else status.HTTP_200_OK,
        next_path=next_path,
        discord_url=sign_in_url("/auth/discord/login", next_path),
        message=str(error) if error else None,
        identifier=identifier,
        has_password_form=True,
        done=done,
        can_register=auth.settings.registration_mode != "closed",
        can_recover=auth.settings.can_send_mail,
    )
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after)
    return response
