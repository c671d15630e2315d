from fastapi import APIRouter, Response, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.email_verification import actions
from backend.auth.email_verification.schemas import MailedToken
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import MAILED
from backend.web.callers import AnyCaller

router = APIRouter(prefix="/auth/email", tags=["registration"])


@router.post("/verify", status_code=status.HTTP_204_NO_CONTENT, dependencies=[limited(MAILED)])
async def verify_email(mailed: MailedToken, auth: RunningAuth, origin: RequestOrigin) -> None:
    """Confirm the e-mail address of a registration with the token that was sent to it."""
    await actions.verify_email(auth, mailed.token, origin=origin)


@router.post(
    "/verify/resend",
    status_code=status.HTTP_202_ACCEPTED,
    response_class=Response,
    dependencies=[limited(MAILED)],
)
async def send_again(caller: AnyCaller, auth: RunningAuth, origin: RequestOrigin) -> Response:
    """Send the caller a new link to confirm their address; once a minute at most."""
    await actions.send_again(auth, caller, origin=origin)
    return Response(status_code=status.HTTP_202_ACCEPTED)
