"""Around every request: its id, the security headers, the log line, and the last resort."""

import logging
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.logs import request_id
from backend.web.problems import problem

log = logging.getLogger("farout.requests")

Header = tuple[bytes, bytes]


class Envelope:
    """Outermost of all: what fails inside is logged here and answered with a bare 500."""

    def __init__(self, app: ASGIApp, *, headers: list[Header]) -> None:
        self._app = app
        self._headers = headers
        self._names = [name for name, _ in headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = secrets.token_hex(8)
        token = request_id.set(identifier)
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                present = {name for name, _ in headers}
                headers += [one for one in self._headers if one[0] not in present]
                headers += scope.get("state", {}).get("headers", ())
                headers.append((b"x-request-id", identifier.encode()))
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            log.exception("unexpected failure", extra={"action": "request.failed"})
            if status:
                raise
            answer = problem(
                500, "unexpected", "Something went wrong on our side; it has been logged."
            )
            await answer(scope, receive, send_with_headers)
        finally:
            if status >= 400 or scope["method"] != "GET":
                _write_line(scope, status, time.perf_counter() - started)
            request_id.reset(token)


def _write_line(scope: Scope, status: int, seconds: float) -> None:
    """Log one request. The query is left out: it may hold a code or a state."""
    log.log(
        logging.ERROR if status >= 500 else logging.INFO,
        "%s %s",
        scope["method"],
        scope["path"][:200],
        extra={"action": "request", "status": status, "ms": round(seconds * 1000, 1)},
    )


def security_headers(*, is_https: bool, image_source: str, script: str) -> list[Header]:
    """Return what every answer carries unless it says otherwise itself; ``script`` is the only one."""
    policy = (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
        f" frame-ancestors 'none'; img-src 'self' {image_source};"
        f" script-src {script}; connect-src 'self'"
    )
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        # Not "no-referrer": with that, browsers send `Origin: null` with our own forms.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "cache-control": "no-store",
    }
    if is_https:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return [(name.encode(), value.encode()) for name, value in headers.items()]
