from fastapi import APIRouter, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.first_password import actions
from backend.auth.first_password.schemas import FirstPassword
from backend.web.callers import Elevated

router = APIRouter(prefix="/auth/password", tags=["account"])


@router.post("/set", status_code=status.HTTP_204_NO_CONTENT)
async def set_first_password(
    first: FirstPassword, caller: Elevated, auth: RunningAuth, origin: RequestOrigin
) -> None:
    """Give an account that signs in with Discord alone a password; it keeps its user name then."""
    new = first.new_password.get_secret_value()
    await actions.set_first_password(auth, caller, new, origin=origin)
