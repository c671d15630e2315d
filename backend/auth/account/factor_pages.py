from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.factors import actions, totp
from backend.auth.factors.queries import get_factors
from backend.auth.factors.schemas import PasskeyDetails
from backend.auth.passkeys.actions import remove_passkey
from backend.errors import BadInput
from backend.web.callers import Caller, Elevated
from backend.web.pages import render

router = APIRouter(prefix="/account/factors", include_in_schema=False)

_HERE = "/account/factors"
_DONE = {
    "removed": "The authenticator app was removed. Your password alone opens the account again.",
    "passkey": "The passkey was added.",
    "passkey-removed": "The passkey was removed.",
}


@router.get("")
async def factors_page(
    request: Request, caller: Caller, auth: RunningAuth, done: str = ""
) -> Response:
    async with auth.database.transaction() as db:
        factors = await get_factors(db, caller.user_id)
    return render(
        request,
        "factors.html",
        factors=factors,
        passkeys=[PasskeyDetails.of(passkey) for passkey in factors.passkeys],
        message=_DONE.get(done),
    )


@router.post("/totp")
async def begin_totp(caller: Elevated, auth: RunningAuth, origin: RequestOrigin) -> Response:
    await actions.begin_totp(auth, caller, origin=origin)
    return RedirectResponse(f"{_HERE}/totp", status.HTTP_303_SEE_OTHER)


@router.get("/totp")
async def enrolment_page(request: Request, caller: Elevated, auth: RunningAuth) -> Response:
    return await _enrolment(request, caller, auth)


@router.post("/totp/confirm")
async def confirm_totp(
    request: Request,
    caller: Elevated,
    auth: RunningAuth,
    origin: RequestOrigin,
    code: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    try:
        codes = await actions.confirm_totp(auth, caller, code=code, origin=origin)
    except BadInput as error:
        return await _enrolment(request, caller, auth, message=str(error))
    return render(request, "recovery_codes.html", codes=codes)


@router.post("/totp/remove")
async def disable_totp(caller: Elevated, auth: RunningAuth, origin: RequestOrigin) -> Response:
    await actions.disable_totp(auth, caller, origin=origin)
    return RedirectResponse(f"{_HERE}?done=removed", status.HTTP_303_SEE_OTHER)


@router.post("/recovery-codes")
async def renew_recovery_codes(
    request: Request, caller: Elevated, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    codes = await actions.renew_recovery_codes(auth, caller, origin=origin)
    return render(request, "recovery_codes.html", codes=codes)


@router.post("/passkeys/{passkey_id}/remove")
async def remove_one_passkey(
    passkey_id: UUID, caller: Elevated, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    await remove_passkey(auth, caller, passkey_id, origin=origin)
    return RedirectResponse(f"{_HERE}?done=passkey-removed", status.HTTP_303_SEE_OTHER)


async def _enrolment(
    request: Request, caller: Elevated, auth: RunningAuth, *, message: str | None = None
) -> Response:
    enrolment = await actions.pending_enrolment(auth, caller)
    if enrolment is None:
        return RedirectResponse(_HERE, status.HTTP_303_SEE_OTHER)
    return render(
        request,
        "totp.html",
        status=status.HTTP_400_BAD_REQUEST if message else status.HTTP_200_OK,
        secret=enrolment.secret,
        uri=enrolment.uri,
        qr_code=totp.qr_code(enrolment.uri),
        message=message,
    )
