from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, status
from pydantic import ValidationError
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.impersonation import actions
from backend.auth.impersonation.schemas import ImpersonationRequest
from backend.auth.users.user_page import user_page
from backend.errors import Conflict, NotAllowed
from backend.web.callers import ElevatedAdmin
from backend.web.state import web_of

router = APIRouter(prefix="/admin/users", include_in_schema=False)


@router.post("/{uid}/impersonate")
async def impersonate(
    request: Request,
    uid: UUID,
    admin: ElevatedAdmin,
    auth: RunningAuth,
    origin: RequestOrigin,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    try:
        wanted = ImpersonationRequest(reason=reason)
        session = await actions.impersonate(auth, admin, uid, reason=wanted.reason, origin=origin)
    except ValidationError:
        problem = "Give a reason, one line of 500 characters at most."
        return await user_page(request, auth, admin, uid, problem=problem, status=400)
    except (Conflict, NotAllowed) as error:
        return await user_page(request, auth, admin, uid, error=error)
    response = RedirectResponse("/", status.HTTP_303_SEE_OTHER)
    web_of(request).cookies.set_session(
        response, session.token, max_age=int(actions.LIFETIME.total_seconds())
    )
    return response
