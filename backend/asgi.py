"""What an ASGI server loads: ``uvicorn --factory backend.asgi:create``, or one side of it."""

from dataclasses import dataclass
from typing import Literal

from fastapi import FastAPI

from backend import logs
from backend.app import create_app
from backend.auth.settings import AuthSettings
from backend.auth.side import Auth
from backend.bridge.settings import BridgeSettings
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.errors import SettingsProblem
from backend.schema.histories import AUTH, COMMUNITY
from backend.settings import Chosen, read_settings
from backend.sync.endpoints import install as install_watch

Side = Literal["auth", "community"]

SERVER_OPTIONS = {
    # Forwarded headers are read by client_address alone, which knows TRUSTED_PROXIES.
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "http": "backend.web.connection:ImpatientProtocol",
    "timeout_graceful_shutdown": 10,
}
_HEADS = {"auth": AUTH.head, "community": COMMUNITY.head}
_KEY_MISSING = (
    "AUTH_SERVICE_API_KEY is not set, and two services need it on both sides;"
    " make one with: openssl rand -hex 32"
)
_URL_MISSING = (
    "AUTH_SERVICE_URL is not set, and the community side by itself asks there who is calling."
    " Set it to the auth service's inner address, such as http://auth:8000."
)
_SIDE_MISSING = (
    "AUTH_SERVICE_URL is set, so there are two services: start them with `farout serve --side auth`"
    " and `farout serve --side community`, or leave it empty to serve both in one process."
)


@dataclass(frozen=True)
class ServingSettings:
    """What serving one side or both needs; what the other side needs is not even read."""

    bridge: BridgeSettings
    auth: AuthSettings | None
    community: CommunitySettings | None


def read_serving(side: Side | None = None) -> ServingSettings:
    """Read the environment; raises SettingsProblem with everything that is wrong."""
    problems: list[str] = []
    auth = _read(AuthSettings, problems) if side != "community" else None
    community = _read(CommunitySettings, problems) if side != "auth" else None
    bridge = _read(BridgeSettings, problems)
    if bridge is not None:
        problems += _what_the_bridge_lacks(bridge, side)
    if problems or bridge is None:
        raise SettingsProblem(list(dict.fromkeys(problems)))
    return ServingSettings(bridge, auth, community)


def _read(kind: type[Chosen], problems: list[str]) -> Chosen | None:
    try:
        return read_settings(kind)
    except SettingsProblem as problem:
        problems += problem.problems
        return None


def _what_the_bridge_lacks(bridge: BridgeSettings, side: Side | None) -> list[str]:
    if side is None:
        return [_SIDE_MISSING] if bridge.auth_service_url else []
    lacks = [] if bridge.api_keys else [_KEY_MISSING]
    if side == "community" and not bridge.auth_service_url:
        lacks.append(_URL_MISSING)
    return lacks


def create() -> FastAPI:
    """Both sides in one process, from the environment; raises SettingsProblem."""
    return _create(None)


def create_auth() -> FastAPI:
    """The auth side as a service of its own."""
    return _create("auth")


def create_community() -> FastAPI:
    """The community side as a service of its own."""
    return _create("community")


def _create(side: Side | None) -> FastAPI:
    settings = read_serving(side)
    bridge = settings.bridge
    logs.configure("json" if bridge.environment == "production" else "text")
    auth = Auth.from_settings(settings.auth) if settings.auth else None
    community = None
    if settings.community is not None:
        community = Community.from_settings(settings.community, webhook_keys=bridge.secrets)
    app = create_app(auth, community, heads=_HEADS, bridge=bridge, delivers_mail=auth is not None)
    install_watch(app)
    return app
