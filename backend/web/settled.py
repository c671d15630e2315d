"""Whoever ends something here finds it ended at their next request to this process."""

from collections.abc import Awaitable, Callable, Iterable

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Settled:
    """Holds an answer back until this process has taken in the notices of what the request did.

    ``sections`` are the first parts of the paths whose unsafe methods may end a session.
    """

    def __init__(
        self, app: ASGIApp, *, settle: Callable[[], Awaitable[bool]], sections: frozenset[str]
    ) -> None:
        self._app = app
        self._settle = settle
        self._sections = sections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE or not self._is_ours(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_settled(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._settle()
            await send(message)

        await self._app(scope, receive, send_settled)

    def _is_ours(self, path: str) -> bool:
        return section(path) in self._sections


def section(path: str) -> str:
    """Return the first part of a path."""
    return path.split("/", 2)[1] if path.startswith("/") else ""


def unsafe_sections(routes: Iterable[BaseRoute]) -> frozenset[str]:
    """Return the sections in which these routes take unsafe methods."""
    return frozenset(
        section(route.path)
        for route in routes
        if isinstance(route, Route) and (route.methods or frozenset()) - _SAFE
    )
