"""For machines that look after Farout: ``/internal/sync/health`` and ``/metrics``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse

from backend.errors import NotAllowed, NotSignedIn
from backend.sync.figures import Figures, RecentFigures
from backend.sync.metrics import IdentityCounts, are_shared, render
from backend.web.internal_token import require_internal_token

router = APIRouter()

_CARRY_SECONDS = 2.0


class MetricsNotPublic(NotAllowed):
    code = "metrics_not_public"

    def __init__(self) -> None:
        super().__init__("Metrics are not for the public: ask Farout directly, or send its key.")


@dataclass
class Watched:
    """What these routes need of the app."""

    figures: RecentFigures
    identities: IdentityCounts


def install(app: FastAPI) -> None:
    """Add the routes to an app of one side or both; call last, when its state is complete."""
    auth, community = app.state.auth, app.state.community
    app.state.watched = Watched(
        RecentFigures(
            auth.database if auth else None, community.sync_database if community else None
        ),
        IdentityCounts(app.state.web.identify),
    )
    app.router.routes[0:0] = router.routes
    if are_shared():
        app.router.lifespan_context = _carrying(app.router.lifespan_context)


async def watched(request: Request) -> Watched:
    return cast(Watched, request.app.state.watched)


RunningWatch = Annotated[Watched, Depends(watched)]


@router.get(
    "/internal/sync/health",
    tags=["internal"],
    dependencies=[Depends(require_internal_token)],
    include_in_schema=False,
)
async def health(watch: RunningWatch) -> Response:
    """200 when the mirror is as auth says, else 503: drift, an open incident, or a database away."""
    figures = await watch.figures.get()
    return JSONResponse(_as_json(figures), 200 if figures.is_well else 503)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, watch: RunningWatch) -> Response:
    """Prometheus' page; not for requests that came through the reverse proxy."""
    await _check_way(request)
    watch.identities.carry_over()
    page = render(await watch.figures.get())
    return Response(page, media_type=CONTENT_TYPE_LATEST)


async def _check_way(request: Request) -> None:
    """Let through who asks Farout itself, and who holds a key. Raises MetricsNotPublic."""
    if "x-forwarded-for" not in request.headers and "forwarded" not in request.headers:
        return
    try:
        await require_internal_token(request)
    except NotSignedIn:
        raise MetricsNotPublic from None


def _as_json(figures: Figures) -> dict[str, Any]:
    outbox, check = figures.outbox, figures.last_check
    return {
        "status": "ok" if figures.is_well else "degraded",
        "unreachable": list(figures.away),
        "users": {"auth": figures.auth_users, "mirror": figures.mirrored_users},
        "outbox": outbox
        and {
            "pending": outbox.pending,
            "oldest_seconds": round(outbox.oldest_seconds, 3),
            "failing": outbox.failing,
            "dead": outbox.dead,
        },
        "rejected_events": figures.rejected,
        "last_check": check
        and {
            "finished_at": check.finished_at.isoformat().replace("+00:00", "Z"),
            "users": check.users,
            "missing": check.missing,
            "differing": check.differing,
            "surplus": check.surplus,
            "repaired": check.repaired,
            "milliseconds": check.milliseconds,
        },
        "incidents": [
            {
                "name": one.name,
                "began_at": one.began_at.isoformat().replace("+00:00", "Z"),
                "details": one.details,
            }
            for one in figures.incidents
        ],
    }


def _carrying(lifespan: Any) -> Any:
    """Have each of several processes put its counts where the others see them, all the time."""

    @asynccontextmanager
    async def with_counts(app: FastAPI) -> AsyncIterator[Any]:
        async with lifespan(app) as state:
            task = asyncio.create_task(_carry_for_ever(app.state.watched.identities))
            try:
                yield state
            finally:
                task.cancel()

    return with_counts


async def _carry_for_ever(identities: IdentityCounts) -> None:
    while True:
        await asyncio.sleep(_CARRY_SECONDS)
        identities.carry_over()
