"""Stands before the stand-in: notes every call, turns strangers away, plays the faults."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.devtools.discord.answers import ApiError, api_error_response
from backend.devtools.discord.calls import Call, name_endpoint
from backend.devtools.discord.fault_playing import play
from backend.devtools.discord.faults import Fault
from backend.devtools.discord.state import StandinState

LIMITED = ("authorization", "user", "guilds", "member")
BUCKET_SIZE = 5
NO_FAULT = Fault()


class Gate:
    """The outermost layer, so that a broken connection is not turned into a tidy error 500."""

    def __init__(self, app: ASGIApp, state: StandinState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = self._note(scope)
        if call.is_api and not re.match(r"DiscordBot \(", call.user_agent):
            await refuse_stranger(scope, receive, send)
            return
        answering = self._app if call.endpoint not in LIMITED else self._limited(call.endpoint)
        fault = self._state.faults.take(call.endpoint) or NO_FAULT
        await play(fault, answering, scope, receive, send)

    def _note(self, scope: Scope) -> Call:
        path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
        user_agent = Headers(scope=scope).get("user-agent", "")
        call = Call(scope["method"], path, user_agent, name_endpoint(path))
        self._state.calls.append(call)
        return call

    def _limited(self, endpoint: str) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_with_limits(message: Message) -> None:
                if message["type"] == "http.response.start":
                    add_rate_limits(message, endpoint, self._state.clock())
                await send(message)

            await self._app(scope, receive, send_with_limits)

        return answer


def add_rate_limits(start: Message, endpoint: str, now: float) -> None:
    """Say that there is plenty left; ``rate_limited()`` says otherwise (docs: facts 8.1)."""
    headers = MutableHeaders(scope=start)
    headers["X-RateLimit-Limit"] = str(BUCKET_SIZE)
    headers["X-RateLimit-Remaining"] = str(BUCKET_SIZE - 1)
    headers["X-RateLimit-Reset"] = f"{now + 1:.3f}"
    headers["X-RateLimit-Reset-After"] = "1.000"
    headers["X-RateLimit-Bucket"] = f"standin-{endpoint}"


async def refuse_stranger(scope: Scope, receive: Receive, send: Send) -> None:
    """Do as Discord's edge does without a proper User-Agent (docs: Discord facts 8)."""
    response: Response = api_error_response(ApiError(403, 40333, "internal network error"))
    await response(scope, receive, send)
