from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.deletion import actions
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.errors import BadInput, Conflict
from backend.web.callers import AnyCaller, Elevated, require_elevated
from backend.web.error_responses import status_of
from backend.web.pages import render
from backend.web.state import web_of

router = APIRouter(prefix="/account/deletion", include_in_schema=False)


@router.get("")
async def deletion_page(request: Request, caller: AnyCaller) -> Response:
    """The question, or what is going to happen and the way back."""
    if caller.deletion_due_at is None:
        await require_elevated(request)
    return render(request, "deletion.html", message=None)


@router.post("")
async def ask_for_deletion(
    request: Request,
    caller: Elevated,
    auth: RunningAuth,
    origin: RequestOrigin,
    username: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    try:
        due_at = await actions.ask_for_deletion(
            auth, caller, username=username.strip(), origin=origin
        )
    except (BadInput, Conflict) as error:
        return render(request, "deletion.html", status=status_of(error), message=str(error))
    # Nobody is signed in any more.
    request.state.identity = None
    response = render(
        request, "notice.html", title="Your account will be deleted",
        text=f"On {due_at:%-d %B %Y}, for good. You are signed out everywhere. If you change your mind,"
        " sign in before then.",
        next_path="/sign-in?next=/account/deletion", next_text="Sign in",
    )  # fmt: skip
    web_of(request).cookies.clear_session(response)
    return response


@router.post("/cancel")
async def keep_account(caller: AnyCaller, auth: RunningAuth, origin: RequestOrigin) -> Response:
    await actions.keep_account(auth, caller, origin=origin)
    return RedirectResponse("/account?done=kept", status.HTTP_303_SEE_OTHER)
