from fastapi import APIRouter, Response, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.email_change import actions
from backend.auth.email_change.schemas import EmailChangeRequest
from backend.auth.email_verification.schemas import MailedToken
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import MAILED
from backend.web.callers import Elevated

router = APIRouter(prefix="/auth/email/change", tags=["account"])


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    response_class=Response,
    dependencies=[limited(MAILED)],
)
async def ask_for_change(
    change: EmailChangeRequest, caller: Elevated, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Ask for another e-mail address; it counts once it is confirmed there, within a day."""
    await actions.ask_for_change(
        auth,
        caller,
        new_email=change.new_email,
        current_password=change.current_password.get_secret_value(),
        origin=origin,
    )
    return Response(status_code=status.HTTP_202_ACCEPTED)


@router.post("/confirm", status_code=status.HTTP_204_NO_CONTENT, dependencies=[limited(MAILED)])
async def confirm_change(mailed: MailedToken, auth: RunningAuth, origin: RequestOrigin) -> None:
    """Confirm the new address with the token that was sent to it."""
    await actions.confirm_change(auth, mailed.token, origin=origin)


@router.post("/undo", status_code=status.HTTP_204_NO_CONTENT, dependencies=[limited(MAILED)])
async def undo_change(mailed: MailedToken, auth: RunningAuth, origin: RequestOrigin) -> None:
    """Take a change back with the token that went to the old address, for three days.

    All sessions end, and the password has to be set anew with a link that is sent there.
    """
    await actions.undo_change(auth, mailed.token, origin=origin)
