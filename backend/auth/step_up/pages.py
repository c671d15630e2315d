from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.side import Auth
from backend.auth.step_up.proving import prove_again
from backend.auth.step_up.queries import possible_proofs
from backend.auth.step_up.schemas import Proof
from backend.bridge.identity import Identity
from backend.errors import BadInput, Conflict, FaroutError, TooMany
from backend.web.callers import CallerOrLeaver
from backend.web.error_responses import status_of
from backend.web.next_path import safe_next_path
from backend.web.pages import render, sign_in_url

router = APIRouter(prefix="/step-up", include_in_schema=False)

Field = Annotated[str, Form(max_length=4096)]


@router.get("")
async def step_up_page(
    request: Request,
    caller: CallerOrLeaver,
    auth: RunningAuth,
    next: str = "/",  # noqa: A002
) -> Response:
    return await _form(request, auth, caller, safe_next_path(next))


@router.post("")
async def step_up(
    request: Request,
    caller: CallerOrLeaver,
    auth: RunningAuth,
    origin: RequestOrigin,
    password: Field = "",
    code: Field = "",
    next: Field = "/",  # noqa: A002
) -> Response:
    next_path = safe_next_path(next)
    response = RedirectResponse(next_path, status.HTTP_303_SEE_OTHER)
    try:
        proof = _read(password, code)
        await prove_again(request, response, auth, caller, proof, origin)
    except (BadInput, Conflict, TooMany) as error:
        return await _form(request, auth, caller, next_path, error=error)
    return response


def _read(password: str, code: str) -> Proof:
    given = {"password": password} if password else {"code": code.strip()[:64] or "none"}
    return Proof.model_validate(given, strict=False)


async def _form(
    request: Request,
    auth: Auth,
    caller: Identity,
    next_path: str,
    *,
    error: FaroutError | None = None,
) -> Response:
    async with auth.database.transaction() as db:
        proofs = await possible_proofs(db, caller.user_id)
    return render(
        request,
        "step_up.html",
        status=status_of(error) if error else status.HTTP_200_OK,
        proofs=proofs,
        next_path=next_path,
        discord_url=sign_in_url("/auth/discord/login", next_path),
        message=str(error) if error else None,
    )
