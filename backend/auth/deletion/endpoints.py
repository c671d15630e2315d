from fastapi import APIRouter, Request, Response, status

from backend.auth.deletion import actions
from backend.auth.deletion.schemas import DeletionRequest, PendingDeletion
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.web.callers import AnyCaller, Elevated
from backend.web.state import web_of

router = APIRouter(prefix="/auth/deletion", tags=["own data"])


@router.post("", status_code=status.HTTP_202_ACCEPTED)
async def ask_for_deletion(
    request: Request,
    asked: DeletionRequest,
    caller: Elevated,
    auth: RunningAuth,
    origin: RequestOrigin,
    response: Response,
) -> PendingDeletion:
    """Have the own account erased on both sides in two weeks. Every session ends at once.

    Whoever signs in again before then may do nothing but download their data and keep the account.
    """
    due_at = await actions.ask_for_deletion(auth, caller, username=asked.username, origin=origin)
    web_of(request).cookies.clear_session(response)
    return PendingDeletion(due_at=due_at)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def keep_account(caller: AnyCaller, auth: RunningAuth, origin: RequestOrigin) -> None:
    """Keep the account after all."""
    await actions.keep_account(auth, caller, origin=origin)
