from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import MAILED
from backend.auth.registration import actions, queries
from backend.auth.registration.schemas import (
    NewRegistrationCode,
    Registration,
    RegistrationCodeDetails,
    RegistrationCodeList,
    RegistrationCodeRequest,
)
from backend.web.callers import Admin, ElevatedAdmin
from backend.web.cursors import read_cursor, write_cursor

router = APIRouter(prefix="/auth", tags=["registration"])
codes = APIRouter(prefix="/auth/registration-codes", tags=["admin"])


@router.post(
    "/register",
    status_code=status.HTTP_202_ACCEPTED,
    response_class=Response,
    dependencies=[limited(MAILED)],
)
async def register(
    registration: Registration, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Register with a user name, an e-mail address and a password; a mail says how it goes on.

    The answer is the same whether the address has an account or not.
    """
    await actions.register(
        auth,
        username=registration.username,
        email=registration.email,
        password=registration.password.get_secret_value(),
        code=registration.code,
        origin=origin,
    )
    return Response(status_code=status.HTTP_202_ACCEPTED)


@codes.post("", status_code=status.HTTP_201_CREATED)
async def make_code(
    wanted: RegistrationCodeRequest, admin: ElevatedAdmin, auth: RunningAuth, origin: RequestOrigin
) -> NewRegistrationCode:
    """Make a registration code. It is in this answer and nowhere else."""
    async with auth.database.transaction() as db:
        code, made = await actions.make_code(db, by=admin.uid, origin=origin, **wanted.model_dump())
    return NewRegistrationCode(code=code, details=RegistrationCodeDetails.of(made))


@codes.get("")
async def list_codes(
    _: Admin,
    auth: RunningAuth,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> RegistrationCodeList:
    """List registration codes, the newest first; the codes themselves are not kept."""
    after = read_cursor(cursor)
    async with auth.database.transaction() as db:
        page = await queries.list_codes(db, after=after[1] if after else None, limit=limit)
    return RegistrationCodeList(
        items=[RegistrationCodeDetails.of(code) for code in page.codes],
        next_cursor=write_cursor("", page.last) if page.last else None,
    )


@codes.delete("/{code_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_code(
    code_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    admin: Admin,
    auth: RunningAuth,
    origin: RequestOrigin,
) -> None:
    """Revoke a registration code; accounts that were made with it stay."""
    async with auth.database.transaction() as db:
        await actions.revoke_code(db, code_id, by=admin.uid, origin=origin)
