from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import MAILED
from backend.auth.recovery import actions
from backend.errors import BadInput, Conflict
from backend.web.callers import MaybeCaller
from backend.web.error_responses import status_of
from backend.web.pages import render

router = APIRouter(prefix="/password", include_in_schema=False)

Field = Annotated[str, Form(max_length=4096)]


@router.get("/forgot")
async def forgot_page(request: Request, _: MaybeCaller) -> Response:
    return render(request, "password_forgot.html", message=None)


@router.post("/forgot", dependencies=[limited(MAILED)])
async def ask_for_reset(
    request: Request, auth: RunningAuth, origin: RequestOrigin, email: Field
) -> Response:
    try:
        await actions.ask_for_reset(auth, email, origin=origin)
    except Conflict as error:
        return render(request, "password_forgot.html", status=status_of(error), message=str(error))
    return RedirectResponse("/password/forgot/sent", status.HTTP_303_SEE_OTHER)


@router.get("/forgot/sent")
async def sent(request: Request, _: MaybeCaller) -> Response:
    return render(
        request, "notice.html", title="Look into your mailbox",
        text="If the address has an account here, a mail is on its way. Its link works for half an hour.",
        next_path="/sign-in", next_text="Sign in",
    )  # fmt: skip


@router.get("/reset")
async def reset_page(request: Request, _: MaybeCaller, token: str = "") -> Response:
    return render(request, "password_reset.html", token=token[:100], message=None)


@router.post("/reset", dependencies=[limited(MAILED)])
async def reset_password(
    request: Request,
    auth: RunningAuth,
    origin: RequestOrigin,
    token: Field,
    new_password: Field,
    repeated: Field,
) -> Response:
    def again(message: str, code: int) -> Response:
        return render(
            request, "password_reset.html", status=code, token=token[:100], message=message
        )

    if new_password != repeated:
        return again("The new password was not repeated the same way.", 400)
    try:
        await actions.reset_password(auth, token, new_password, origin=origin)
    except BadInput as error:
        return again(str(error), status_of(error))
    return RedirectResponse("/sign-in?done=reset", status.HTTP_303_SEE_OTHER)
