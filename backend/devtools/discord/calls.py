"""What was asked of the stand-in, for tests to look at."""

import re
from dataclasses import dataclass

ENDPOINTS = {
    "token": r"/api(/v10)?/oauth2/token",
    "revoke": r"/api(/v10)?/oauth2/token/revoke",
    "authorization": r"/api/v10/oauth2/@me",
    "user": r"/api/v10/users/@me",
    "guilds": r"/api/v10/users/@me/guilds",
    "member": r"/api/v10/users/@me/guilds/[^/]+/member",
    "authorize": r"(/api)?/oauth2/authorize",
    "cdn": r"/cdn/.*",
}


@dataclass(frozen=True)
class Call:
    """One request; ``endpoint`` is the name that faults use too, or None for other paths."""

    method: str
    path: str
    user_agent: str
    endpoint: str | None

    @property
    def is_api(self) -> bool:
        """Tell whether a server made this call, rather than a browser."""
        return self.path.startswith("/api/") and self.endpoint != "authorize"


def name_endpoint(path: str) -> str | None:
    for name, pattern in ENDPOINTS.items():
        if re.fullmatch(pattern, path):
            return name
    return None
