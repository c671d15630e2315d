from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.first_password import actions
from backend.auth.passwords.queries import has_password
from backend.errors import BadInput, Conflict
from backend.web.callers import Elevated
from backend.web.error_responses import status_of
from backend.web.pages import render

router = APIRouter(prefix="/password/first", include_in_schema=False)

Field = Annotated[str, Form(max_length=4096)]


@router.get("")
async def first_password_page(request: Request, caller: Elevated, auth: RunningAuth) -> Response:
    async with auth.database.transaction() as db:
        if await has_password(db, caller.user_id):
            return RedirectResponse("/password", status.HTTP_303_SEE_OTHER)
    return _form(request)


@router.post("")
async def set_first_password(
    request: Request,
    caller: Elevated,
    auth: RunningAuth,
    origin: RequestOrigin,
    new_password: Field,
    repeated: Field,
) -> Response:
    if new_password != repeated:
        return _form(request, "The password was not repeated the same way.", 400)
    try:
        await actions.set_first_password(auth, caller, new_password, origin=origin)
    except (BadInput, Conflict) as error:
        return _form(request, str(error), status_of(error))
    return RedirectResponse("/account?done=first_password", status.HTTP_303_SEE_OTHER)


def _form(request: Request, message: str | None = None, code: int = 200) -> Response:
    return render(request, "password_first.html", status=code, message=message)
