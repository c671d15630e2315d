from fastapi import APIRouter, Response, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import MAILED
from backend.auth.recovery import actions
from backend.auth.recovery.schemas import ForgottenPassword, PasswordResetRequest

router = APIRouter(prefix="/auth/password", tags=["sign in"])


@router.post(
    "/forgot",
    status_code=status.HTTP_202_ACCEPTED,
    response_class=Response,
    dependencies=[limited(MAILED)],
)
async def ask_for_reset(
    forgotten: ForgottenPassword, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Send a link to choose a new password to the address, if it has an account.

    The answer is the same for every address. A link works once, for half an hour, and the newest alone.
    """
    await actions.ask_for_reset(auth, forgotten.email, origin=origin)
    return Response(status_code=status.HTTP_202_ACCEPTED)


@router.post("/reset", status_code=status.HTTP_204_NO_CONTENT, dependencies=[limited(MAILED)])
async def reset_password(
    reset: PasswordResetRequest, auth: RunningAuth, origin: RequestOrigin
) -> None:
    """Set a new password with the token of a link. All sessions of the account end."""
    await actions.reset_password(
        auth, reset.token, reset.new_password.get_secret_value(), origin=origin
    )
