"""The Host header: one, and the name of a host. No link is ever made of it (PUBLIC_URL is)."""

import re
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.web.problems import problem

_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?", re.I
)
_LAST_PORT = 65_535


class WellFormedHost:
    """Answers 400 to what no client of good will sends (RFC 9112 3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_good(scope):
            refusal = problem(400, "host_malformed", "The Host header is not that of one host.")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_good(scope: Scope) -> bool:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if not hosts:
        return bool(scope["http_version"] == "1.0")
    return len(hosts) == 1 and is_host(hosts[0])


@lru_cache(maxsize=256)
def is_host(value: bytes) -> bool:
    """Whether these are a host's name or address and, if at all, a port."""
    found = _HOST.fullmatch(value.decode("latin-1"))
    return found is not None and int(found[1] or 0) <= _LAST_PORT
