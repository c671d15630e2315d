"""Ready-made faults: ``standin.faults.token.once(edge_rate_limited())``."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from backend.devtools.discord.faults import CannedAnswer, Fault

HTML = b"<!doctype html><title>Discord</title><p>Something went wrong.</p>"


def json_answer(
    body: object, status: int = 200, *, headers: Mapping[str, str] | None = None
) -> Fault:
    """Answer with this JSON, whatever the real answer would have been."""
    answer = CannedAnswer(
        status=status,
        body=json.dumps(body).encode(),
        media_type="application/json",
        headers=headers or {},
    )
    return Fault(answer=answer)


def text_answer(
    text: str,
    status: int = 200,
    *,
    media_type: str = "text/plain",
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """Answer with this text, whatever the real answer would have been."""
    answer = CannedAnswer(
        status=status, body=text.encode(), media_type=media_type, headers=headers or {}
    )
    return Fault(answer=answer)


def slow(seconds: float) -> Fault:
    """Answer as usual, only later. ``httpx2.ASGITransport`` knows no timeouts: see timed_out."""
    return Fault(delay=seconds)


def connection_reset() -> Fault:
    """End the connection in the middle: httpx2.ReadError in process, a cut answer on a server."""
    return Fault(breaks_with=httpx2.ReadError)


def timed_out() -> Fault:
    """Raise httpx2.ReadTimeout in process, without anybody having to wait for it."""
    return Fault(breaks_with=httpx2.ReadTimeout)


def server_error() -> Fault:
    """Fail as Discord does, in the API's format even at the token endpoint."""
    return json_answer({"message": "500: Internal Server Error", "code": 0}, 500)


def edge_rate_limited(retry_after: int | None = 3600) -> Fault:
    """Be turned away before reaching Discord: no JSON, no X-RateLimit headers."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return text_answer("error code: 1015", 429, headers=headers)


def rate_limited(retry_after: float = 1.5) -> Fault:
    """Be limited by Discord itself (docs: Discord facts 8.1)."""
    body = {
        "message": "You are being rate limited.",
        "retry_after": retry_after,
        "global": False,
    }
    headers = {"Retry-After": str(int(retry_after) + 1), "X-RateLimit-Scope": "user"}
    return json_answer(body, 429, headers=headers)


def html_page(status: int = 200) -> Fault:
    return text_answer(HTML.decode(), status, media_type="text/html")


def truncated() -> Fault:
    """Cut the real answer in half, and count its length anew: complete, but not JSON."""
    return Fault(change=lambda body: body[: len(body) // 2])


def changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """Answer for real, then change the JSON object that was answered."""
    return Fault(change=lambda body: json.dumps(change(json.loads(body))).encode())


def with_fields(**values: Any) -> Fault:
    return changed(lambda body: body | values)


def without_fields(*names: str) -> Fault:
    return changed(lambda body: {name: body[name] for name in body if name not in names})


def scope_reordered() -> Fault:
    """Name the granted scopes in another order than they were asked in."""
    return changed(lambda body: body | {"scope": " ".join(reversed(body["scope"].split()))})


def scope_superset(*extra: str) -> Fault:
    """Name more scopes than were asked for, as after an earlier, larger consent."""
    more = extra or ("guilds",)
    return changed(lambda body: body | {"scope": " ".join([*more, body["scope"]])})
