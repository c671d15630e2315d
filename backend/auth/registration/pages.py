from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import MAILED
from backend.auth.registration import actions
from backend.errors import BadInput, Conflict, FaroutError, NotAllowed
from backend.web.callers import MaybeCaller
from backend.web.error_responses import status_of
from backend.web.pages import render

router = APIRouter(prefix="/register", include_in_schema=False)

Field = Annotated[str, Form(max_length=4096)]


@router.get("")
async def register_page(
    request: Request, caller: MaybeCaller, auth: RunningAuth, code: str = ""
) -> Response:
    if caller is not None:
        return RedirectResponse("/", status.HTTP_303_SEE_OTHER)
    return _form(request, auth, given={"code": code[:100]})


@router.post("", dependencies=[limited(MAILED)])
async def register(
    request: Request,
    auth: RunningAuth,
    origin: RequestOrigin,
    username: Field,
    email: Field,
    password: Field,
    repeated: Field,
    code: Field = "",
) -> Response:
    given = {"username": username, "email": email, "code": code}
    if password != repeated:
        return _form(
            request, auth, given=given, message="The password was not repeated the same way."
        )
    try:
        await actions.register(
            auth, username=username, email=email, password=password, code=code or None,
            origin=origin,
        )  # fmt: skip
    except (BadInput, Conflict, NotAllowed) as error:
        return _form(request, auth, given=given, message=str(error), error=error)
    return RedirectResponse("/register/sent", status.HTTP_303_SEE_OTHER)


@router.get("/sent")
async def sent(request: Request, _: MaybeCaller) -> Response:
    return render(
        request, "notice.html", title="Look into your mailbox",
        text="We have sent a mail to your address; it says how to go on. You can sign in meanwhile.",
        next_path="/sign-in", next_text="Sign in",
    )  # fmt: skip


def _form(
    request: Request,
    auth: RunningAuth,
    *,
    given: dict[str, str],
    message: str | None = None,
    error: FaroutError | None = None,
) -> Response:
    code = status.HTTP_400_BAD_REQUEST if message else status.HTTP_200_OK
    return render(
        request,
        "register.html",
        status=status_of(error) if error else code,
        mode=auth.settings.registration_mode,
        given={"username": "", "email": "", "code": ""} | given,
        message=message,
    )
