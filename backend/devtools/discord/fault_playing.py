"""Makes one call go wrong in the way that a fault describes."""

import asyncio
from collections.abc import Callable

import httpx2
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.devtools.discord.faults import CannedAnswer, Fault


async def play(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(fault.delay)
    if fault.breaks_with is not None:
        await break_off(fault.breaks_with, send)
    elif fault.answer is not None:
        await canned(fault.answer)(scope, receive, send)
    elif fault.change is not None:
        await send_changed(fault.change, app, scope, receive, send)
    else:
        await app(scope, receive, send)


async def break_off(error: type[httpx2.TransportError], send: Send) -> None:
    """End the connection in the middle of an answer.

    In process, ``httpx2.ASGITransport`` hands the error to the client as it is. A server such as
    uvicorn has begun an answer of known length by then, so it can only drop the connection, and
    the client sees ``httpx2.RemoteProtocolError``, which is an ``httpx2.TransportError`` as well.
    """
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1024")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"', "more_body": True})
    raise error("The stand-in broke the connection off, as a fault told it to.")


def canned(answer: CannedAnswer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)


async def send_changed(
    change: Callable[[bytes], bytes], app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Let the call happen, then change its answer; an error is passed on as it is."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    start, *rest = messages
    body = b"".join(message.get("body", b"") for message in rest)
    if start["status"] == 200:
        body = change(body)
        MutableHeaders(scope=start)["content-length"] = str(len(body))
    await send(start)
    await send({"type": "http.response.body", "body": body})
