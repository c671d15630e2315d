"""Cross-site request forgery: a browser's write counts only if it comes from our own pages."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.web.cookies import Cookies
from backend.web.problems import problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """Refuses unsafe methods from other origins, by ``Sec-Fetch-Site`` and ``Origin``.

    With an Authorization header the rule does not apply: no browser adds that by itself. With
    neither header a request is a program's; it passes unless it brings our session cookie.
    """

    def __init__(self, app: ASGIApp, *, origin: str, cookies: Cookies) -> None:
        self._app = app
        self._origin = origin
        self._cookies = cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            headers = Headers(scope=scope)
            if "authorization" not in headers and not self._is_ours(headers):
                refusal = problem(
                    403,
                    "cross_site_request",
                    f"This request did not come from {self._origin}. Open the site there"
                    " and try again.",
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is None and origin is None:
            return self._cookies.session not in headers.get("cookie", "")
        # Scheme and host are the same in capitals; browsers send neither, but other clients may.
        is_own = origin is None or origin.lower() == self._origin.lower()
        return is_own and site in (None, "same-origin")
