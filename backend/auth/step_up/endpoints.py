from fastapi import APIRouter, Request, Response, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.step_up.proving import prove_again
from backend.auth.step_up.schemas import Proof
from backend.web.callers import CallerOrLeaver

router = APIRouter(prefix="/auth", tags=["second factors"])


@router.post("/step-up", status_code=status.HTTP_204_NO_CONTENT)
async def step_up(
    request: Request, proof: Proof, caller: CallerOrLeaver, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Prove again who sits there: for ten minutes sensitive actions are open. Renews the cookie."""
    response = Response(status_code=status.HTTP_204_NO_CONTENT)
    await prove_again(request, response, auth, caller, proof, origin)
    return response
