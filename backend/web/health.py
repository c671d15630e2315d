"""``/healthz``: the process is alive. ``/readyz``: both databases answer, at their newest migration."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse, RedirectResponse

from backend.database import DatabaseUnavailable
from backend.web.callers import MaybeCaller

# Returns True when the database is at its newest migration; raises DatabaseUnavailable.
Check = Callable[[], Awaitable[bool]]

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """200 when requests can be served, else 503 and which database is the matter."""
    checks: Mapping[str, Check] = request.app.state.checks
    found = {name: await _state(check) for name, check in checks.items()}
    is_ready = all(state == "ok" for state in found.values())
    return JSONResponse(
        {"status": "ok" if is_ready else "unavailable", "databases": found},
        200 if is_ready else 503,
        headers={} if is_ready else {"Retry-After": "5"},
    )


@router.get("/", include_in_schema=False)
async def home(caller: MaybeCaller) -> Response:
    return RedirectResponse("/profile" if caller else "/sign-in", 303)


async def _state(check: Check) -> str:
    try:
        return "ok" if await check() else "migrations missing"
    except DatabaseUnavailable:
        return "unreachable"
