"""The only module that knows both sides: it puts one or both of them together into an application."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from backend import __version__
from backend.auth.door import OwnDoor
from backend.auth.housekeeping import housekeeping
from backend.auth.mail.delivery import deliver_mails
from backend.auth.routes import internal_routes
from backend.auth.routes import routes as auth_routes
from backend.auth.side import Auth
from backend.auth.upkeep import kept_up
from backend.auth.users.directory import Directory
from backend.bridge.announcing import Announcer
from backend.bridge.auth_client import AuthClient
from backend.bridge.door import DistantDoor, Door
from backend.bridge.events import Event
from backend.bridge.settings import BridgeSettings
from backend.bridge.transports.webhook import WebhookTransport
from backend.community.mirror.actions import apply_events
from backend.community.routes import routes as community_routes
from backend.community.side import Community
from backend.database import Database
from backend.settings import SharedSettings
from backend.web import docs, error_responses, health, openapi
from backend.web.body_limit import BodyLimit
from backend.web.cookies import Cookies
from backend.web.envelope import Envelope, security_headers
from backend.web.host import WellFormedHost
from backend.web.internal_token import digest
from backend.web.pages import STATIC
from backend.web.same_origin import SameOrigin
from backend.web.settled import Settled, unsafe_sections
from backend.web.shutdown import told_of_shutdown
from backend.web.state import Web

log = logging.getLogger(__name__)


def create_app(
    auth: Auth | None,
    community: Community | None,
    *,
    heads: Mapping[str, str],
    bridge: BridgeSettings | None = None,
    delivers_mail: bool = False,
) -> FastAPI:
    """One side or both; ``heads`` are the newest migrations, for ``/readyz``.

    ``bridge`` has the keys of the internal routes, and the way to auth for a community by itself.
    With ``delivers_mail`` this process also sends what is queued.
    """
    side = auth or community
    if side is None:
        raise ValueError("an application needs a side")
    door = _join(auth, community, bridge)
    settings: SharedSettings = side.settings
    cookies = Cookies(is_https=settings.is_https)
    app = FastAPI(
        title="Farout",
        version=__version__,
        summary="The self-hosted backend of a Discord community",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=partial(_lifespan, auth, community, door, delivers_mail),
        middleware=_middleware(auth, settings, cookies),
    )
    keys = tuple(digest(key) for key in bridge.api_keys) if bridge else ()
    app.state.web = Web(settings, cookies, door.cache, keys)
    app.state.identity_cache = door.cache
    app.state.auth = auth
    app.state.community = community
    app.state.checks = {}
    if auth is not None:
        app.state.checks["farout_auth"] = partial(_is_at, auth.database, heads["auth"])
    if community is not None:
        app.state.checks["farout"] = partial(_is_at, community.database, heads["community"])
    error_responses.install(app)
    # Appended one by one: FastAPI looks through included routers anew for each request.
    for routes in (*_routes(auth, community), health.router.routes, docs.router.routes):
        app.router.routes.extend(routes)
    openapi.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _join(auth: Auth | None, community: Community | None, bridge: BridgeSettings | None) -> Door:
    """Let the community ask and be told, by call where auth is in this process, else over HTTP."""
    if auth is not None:
        if community is not None:
            community.users = Directory(auth.database)
            auth.announce = partial(_apply, community)
        elif bridge is not None and bridge.community_service_url and bridge.secrets:
            auth.announce = Announcer(
                WebhookTransport(bridge.community_service_url, bridge.secrets)
            )
        return OwnDoor(auth)
    if bridge is None or not bridge.auth_service_url:
        raise ValueError("a community by itself needs AUTH_SERVICE_URL")
    client = AuthClient(bridge.auth_service_url, bridge.api_keys[0])
    if community is not None:
        community.users = client
    return DistantDoor(client)


async def _apply(community: Community, event: Event) -> None:
    await apply_events(community.sync_database, [event])


@asynccontextmanager
async def _lifespan(
    auth: Auth | None, community: Community | None, door: Door, delivers_mail: bool, app: FastAPI
) -> AsyncIterator[None]:
    async with AsyncExitStack() as opened:
        for side in (community, auth):
            if side is not None:
                opened.push_async_callback(side.close)
        if auth is not None:
            await auth.open()
            await opened.enter_async_context(kept_up(auth))
            await opened.enter_async_context(housekeeping(auth))
            if delivers_mail:
                opened.push_async_callback(_stop, asyncio.create_task(deliver_mails(auth)))
            opened.enter_context(told_of_shutdown(auth.revocations.end_all))
            if isinstance(auth.announce, Announcer):
                opened.push_async_callback(auth.announce.close)
        opened.push_async_callback(door.close)
        door.open()
        settings = app.state.web.settings
        log.info("ready", extra={"action": "app.ready", "url": settings.public_url})
        yield


def _middleware(auth: Auth | None, settings: SharedSettings, cookies: Cookies) -> list[Middleware]:
    headers = security_headers(
        is_https=settings.is_https,
        image_source=settings.discord_cdn_base_url,
        script=f"{settings.public_url}/static/passkeys.js",
    )
    wrapped = [
        Middleware(Envelope, headers=headers),
        Middleware(WellFormedHost),
        Middleware(BodyLimit),
        Middleware(SameOrigin, origin=settings.public_url, cookies=cookies),
    ]
    if auth is not None:
        sections = unsafe_sections(auth_routes)
        wrapped.append(Middleware(Settled, settle=auth.settle, sections=sections))
    return wrapped


def _routes(auth: Auth | None, community: Community | None) -> Sequence[Sequence[BaseRoute]]:
    of_auth = (auth_routes, internal_routes) if auth is not None else ()
    return (*of_auth, *((community_routes,) if community is not None else ()))


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _is_at(database: Database, head: str) -> bool:
    return await database.revision() == head
