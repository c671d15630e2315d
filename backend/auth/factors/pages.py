from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.attempts.browser import device_of, keep_sign_in
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.factors.code_form import code_form
from backend.auth.factors.errors import CodeWrong
from backend.auth.factors.sign_in import finish_sign_in
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import PASSWORD_SIGN_IN
from backend.web.next_path import safe_next_path

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form(max_length=512)]


@router.post("/sign-in/code", dependencies=[limited(PASSWORD_SIGN_IN)])
async def sign_in_with_code(
    request: Request,
    auth: RunningAuth,
    origin: RequestOrigin,
    challenge: Field,
    code: Field = "",
    next: Field = "/",  # noqa: A002
) -> Response:
    next_path, device = safe_next_path(next), device_of(request)
    try:
        session = await finish_sign_in(
            auth, challenge=challenge, code=code, origin=origin, device=device
        )
    except CodeWrong as error:
        return code_form(request, challenge, next_path, message=str(error))
    response = RedirectResponse(next_path, status.HTTP_303_SEE_OTHER)
    keep_sign_in(request, response, auth, session, device)
    return response
