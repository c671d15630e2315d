from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.email_change import actions
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import MAILED
from backend.auth.passwords.queries import has_password
from backend.errors import BadInput, Conflict, FaroutError, TooMany
from backend.web.callers import Elevated, MaybeCaller
from backend.web.error_responses import status_of
from backend.web.pages import render

router = APIRouter(prefix="/account/email", include_in_schema=False)

Field = Annotated[str, Form(max_length=4096)]


@router.get("")
async def change_page(request: Request, caller: Elevated, auth: RunningAuth) -> Response:
    async with auth.database.transaction() as db:
        if not await has_password(db, caller.user_id):
            return RedirectResponse("/account", status.HTTP_303_SEE_OTHER)
    return render(request, "email_change.html", message=None, new_email="")


@router.post("", dependencies=[limited(MAILED)])
async def ask_for_change(
    request: Request,
    caller: Elevated,
    auth: RunningAuth,
    origin: RequestOrigin,
    new_email: Field,
    current_password: Field,
) -> Response:
    try:
        await actions.ask_for_change(
            auth, caller, new_email=new_email, current_password=current_password, origin=origin
        )
    except (BadInput, Conflict, TooMany) as error:
        return render(
            request, "email_change.html", status=status_of(error), message=str(error),
            new_email=new_email,
        )  # fmt: skip
    return RedirectResponse("/account?done=email_asked", status.HTTP_303_SEE_OTHER)


@router.get("/confirm")
async def confirm_page(request: Request, _: MaybeCaller, token: str = "") -> Response:
    return render(
        request, "mailed_link.html", title="Confirm your new address", token=token[:100],
        text="Press the button and your account has this e-mail address.",
        action="/account/email/confirm", button="Confirm my new address", is_danger=False,
    )  # fmt: skip


@router.post("/confirm", dependencies=[limited(MAILED)])
async def confirm_change(
    request: Request, _: MaybeCaller, auth: RunningAuth, origin: RequestOrigin, token: Field
) -> Response:
    try:
        await actions.confirm_change(auth, token, origin=origin)
    except (BadInput, Conflict) as error:
        return _failed(request, error)
    return render(
        request, "notice.html", title="Your address is changed",
        text="From now on your account has the new e-mail address.",
        next_path="/account", next_text="Your account",
    )  # fmt: skip


@router.get("/undo")
async def undo_page(request: Request, _: MaybeCaller, token: str = "") -> Response:
    return render(
        request, "mailed_link.html", title="Take the change back", token=token[:100],
        text="Your account gets its old e-mail address back, is signed out everywhere, and its"
        " password stops to work: we send you a link to choose a new one.",
        action="/account/email/undo", button="Take it back", is_danger=True,
    )  # fmt: skip


@router.post("/undo", dependencies=[limited(MAILED)])
async def undo_change(
    request: Request, _: MaybeCaller, auth: RunningAuth, origin: RequestOrigin, token: Field
) -> Response:
    try:
        await actions.undo_change(auth, token, origin=origin)
    except (BadInput, Conflict) as error:
        return _failed(request, error)
    return render(
        request, "notice.html", title="It is taken back",
        text="Your old address counts again. Look into your mailbox for a link to choose a new"
        " password.",
        next_path="/sign-in", next_text="Sign in",
    )  # fmt: skip


def _failed(request: Request, error: FaroutError) -> Response:
    return render(
        request, "notice.html", status=status_of(error), title="That did not work",
        text=str(error), next_path="/account", next_text="Your account",
    )  # fmt: skip
