"""The client end of one HTTP/1.1 connection, as cheap as Python allows."""

import asyncio
from typing import cast

import httptools

PATIENCE_SECONDS = 60


class Failure(Exception):
    """A response was not what the flow calls for."""


class Response:
    __slots__ = ("body", "cookies", "location", "status")

    def __init__(self) -> None:
        self.status = 0
        self.location = ""
        self.cookies: dict[str, str] = {}
        self.body = b""


class Connection(asyncio.Protocol):
    """Sends one request at a time and keeps the connection open between them."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[Response] | None = None

    async def request(self, data: bytes) -> Response:
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, self.host, self.port)
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._response = Response()
        self._answered = loop.create_future()
        self._transport.write(data)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._answered

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        match name.lower():
            case b"set-cookie":
                cookie, _, _ = value.decode("latin-1").partition(";")
                key, _, content = cookie.partition("=")
                self._response.cookies[key] = content.strip('"')
            case b"location":
                self._response.location = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._response.body += body

    def on_message_complete(self) -> None:
        self._response.status = self._parser.get_status_code()
        if not self._parser.should_keep_alive() and self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(self._response)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(Failure(f"connection lost: {exc}"))


class Repeater(asyncio.Protocol):
    """Sends requests of a list in turn, each as soon as the one before is answered."""

    def __init__(self, requests: list[bytes], start: int) -> None:
        self._requests = requests
        self._next = start
        self._parser = httptools.HttpResponseParser(self)
        self._sent = 0.0
        self._clock = asyncio.get_running_loop().time
        self._stopping = False
        self.times: list[float] = []
        self.failures = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, host: str, port: int) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, host, port)

    def stop(self) -> None:
        """Finish the request under way and send no other."""
        self._stopping = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._next = (self._next + 1) % len(self._requests)
        self._sent = self._clock()
        self._transport.write(self._requests[self._next])

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.times.append(self._clock() - self._sent)
        self.failures += self._parser.get_status_code() != 200
        if self._stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.failures += not self._stopping
        if not self.done.done():
            self.done.set_result(None)
