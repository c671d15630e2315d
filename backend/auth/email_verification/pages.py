from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.email_verification import actions
from backend.auth.email_verification.queries import find_claimed_email
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import MAILED
from backend.errors import BadInput, Conflict, TooMany
from backend.web.callers import AnyCaller, MaybeCaller
from backend.web.error_responses import status_of
from backend.web.pages import render

router = APIRouter(prefix="/verify-email", include_in_schema=False)

Token = Annotated[str, Form(max_length=100)]


@router.get("")
async def verify_page(
    request: Request, caller: MaybeCaller, auth: RunningAuth, token: str = "", sent: str = ""
) -> Response:
    """With a token: a button, for opening a link changes nothing. Without: what one waits for."""
    if token:
        return render(
            request, "mailed_link.html", title="Confirm your e-mail address", token=token[:100],
            text="Press the button and the address is yours here.",
            action="/verify-email", button="Confirm my address", is_danger=False,
        )  # fmt: skip
    if caller is None or not caller.must_verify_email:
        return RedirectResponse("/sign-in", status.HTTP_303_SEE_OTHER)
    return await _waiting(
        request, auth, caller.user_id, done="A new mail is on its way." if sent else None
    )


@router.post("", dependencies=[limited(MAILED)])
async def verify(
    request: Request, caller: MaybeCaller, auth: RunningAuth, origin: RequestOrigin, token: Token
) -> Response:
    try:
        await actions.verify_email(auth, token, origin=origin)
    except (BadInput, Conflict) as error:
        return render(
            request, "notice.html", status=status_of(error), title="That did not work",
            text=str(error), next_path="/sign-in", next_text="Sign in",
        )  # fmt: skip
    return RedirectResponse("/" if caller else "/sign-in?done=verified", status.HTTP_303_SEE_OTHER)


@router.post("/resend", dependencies=[limited(MAILED)])
async def send_again(
    request: Request, caller: AnyCaller, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    try:
        await actions.send_again(auth, caller, origin=origin)
    except (Conflict, TooMany) as error:
        return await _waiting(request, auth, caller.user_id, problem=error)
    return RedirectResponse("/verify-email?sent=1", status.HTTP_303_SEE_OTHER)


async def _waiting(
    request: Request,
    auth: RunningAuth,
    user_id: int,
    *,
    done: str | None = None,
    problem: Conflict | TooMany | None = None,
) -> Response:
    async with auth.database.transaction() as db:
        email = await find_claimed_email(db, user_id)
    return render(
        request,
        "verify_email.html",
        status=status_of(problem) if problem else status.HTTP_200_OK,
        email=email,
        message=done,
        problem=str(problem) if problem else None,
    )
