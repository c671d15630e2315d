"""What an ASGI server loads: ``uvicorn --factory backend.asgi:create``."""

from typing import cast

from fastapi import FastAPI

from backend import logs
from backend.app import create_app
from backend.auth.settings import AuthSettings
from backend.auth.side import Auth
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.schema.histories import AUTH, COMMUNITY
from backend.settings import read_all

SERVER_OPTIONS = {
    # Forwarded headers are read by client_address alone, which knows TRUSTED_PROXIES.
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "http": "httptools",
    "h11_max_incomplete_event_size": 32 * 1024,
    "timeout_graceful_shutdown": 10,
}


def read_settings() -> tuple[AuthSettings, CommunitySettings]:
    """Read what serving needs; raises SettingsProblem with everything that is wrong."""
    return cast(tuple[AuthSettings, CommunitySettings], read_all(AuthSettings, CommunitySettings))


def create() -> FastAPI:
    """Build the application from the environment; raises SettingsProblem."""
    auth_settings, community_settings = read_settings()
    auth = Auth.from_settings(auth_settings)
    community = Community.from_settings(community_settings)
    logs.configure("json" if auth.settings.environment == "production" else "text")
    return create_app(
        auth, community, heads={"auth": AUTH.head, "community": COMMUNITY.head}, delivers_mail=True
    )
