"""No request body larger than anything Farout takes; the server itself has no such limit."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.web.problems import problem

LARGEST_BODY = 256 * 1024


class BodyTooLarge(Exception):
    pass


class BodyLimit:
    """Answers 413 as soon as a body is declared too large or turns out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        if _declared_length(scope) > LARGEST_BODY:
            await _refuse(scope, receive, send)
            return
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > LARGEST_BODY:
                raise BodyTooLarge
            return message

        async def unless_too_large(message: Message) -> None:
            nonlocal started
            # Whoever read the body may have made an answer of their own out of the exception.
            if seen <= LARGEST_BODY or started:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, unless_too_large)
        except BodyTooLarge:
            if started:
                raise
        if seen > LARGEST_BODY and not started:
            await _refuse(scope, receive, send)


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(413, "body_too_large", f"A body may have {LARGEST_BODY} bytes at most.")
    await answer(scope, receive, send)
