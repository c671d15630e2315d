"""The only module that knows both sides: it puts them together into one application."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from backend import __version__
from backend.auth.housekeeping import housekeeping
from backend.auth.identify import Identify
from backend.auth.routes import routes as auth_routes
from backend.auth.side import Auth
from backend.community.members.actions import apply_event
from backend.community.routes import routes as community_routes
from backend.community.side import Community
from backend.database import Database
from backend.settings import SharedSettings
from backend.web import docs, error_responses, health, openapi
from backend.web.body_limit import BodyLimit
from backend.web.cookies import Cookies
from backend.web.envelope import Envelope, security_headers
from backend.web.pages import STATIC
from backend.web.same_origin import SameOrigin
from backend.web.state import Web

log = logging.getLogger(__name__)


def create_app(auth: Auth, community: Community, *, heads: Mapping[str, str]) -> FastAPI:
    """Both sides in one process; ``heads`` are the newest migrations, for ``/readyz``."""
    settings: SharedSettings = auth.settings
    cookies = Cookies(is_https=settings.is_https)
    auth.announce = partial(apply_event, community.database)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            for side in (community, auth):
                opened.push_async_callback(side.close)
            await auth.open()
            await opened.enter_async_context(housekeeping(auth))
            log.info("ready", extra={"action": "app.ready", "url": settings.public_url})
            yield

    app = FastAPI(
        title="Farout",
        version=__version__,
        summary="The self-hosted backend of a Discord community",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=lifespan,
        middleware=[
            Middleware(
                Envelope,
                headers=security_headers(
                    is_https=settings.is_https,
                    image_source=auth.settings.discord_cdn_base_url,
                    script=f"{settings.public_url}/static/passkeys.js",
                ),
            ),
            Middleware(BodyLimit),
            Middleware(SameOrigin, origin=settings.public_url, cookies=cookies),
        ],
    )
    app.state.web = Web(settings, cookies, Identify(auth))
    app.state.auth = auth
    app.state.community = community
    app.state.checks = {
        "farout_auth": partial(_is_at, auth.database, heads["auth"]),
        "farout": partial(_is_at, community.database, heads["community"]),
    }
    error_responses.install(app)
    # Appended one by one: FastAPI looks through included routers anew for each request.
    for routes in (auth_routes, community_routes, health.router.routes, docs.router.routes):
        app.router.routes.extend(routes)
    openapi.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


async def _is_at(database: Database, head: str) -> bool:
    return await database.revision() == head
