"""A connection that keeps us waiting is closed; the server by itself would wait for ever.

A proxy in front has limits of its own. These are for whoever reaches the port without one.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# From the first byte of a request, or the opening of a connection, to the request's last byte.
REQUEST_SECONDS = 8.0
# For how long a client may take nothing of an answer.
ANSWER_SECONDS = 30.0
# Request line and headers together; what proxies let through is less.
LONGEST_HEAD = 32 * 1024


class HeadTooLong(Exception):
    pass


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's own, with limits on time and on the length of what stands before a body."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_size = 0
        self._is_head = False
        self._is_request = False
        self._until_request: asyncio.TimerHandle | None = None
        self._until_taken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._until_request, self._until_taken):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._is_head:
            self._head_size += len(data)
            if self._head_size > LONGEST_HEAD:
                self.send_400_response("The request's headers are too long.")
                return
        self._watch()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_size = 0
        self._is_head = self._is_request = True

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._measure(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._measure(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._is_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_request = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._until_taken = self.loop.call_later(ANSWER_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._until_taken is not None:
            self._until_taken.cancel()
            self._until_taken = None

    def _measure(self, added: int) -> None:
        """Refuse by raising, which the parser turns into an answer of 400."""
        self._head_size += added
        if self._head_size > LONGEST_HEAD:
            raise HeadTooLong

    def _watch(self) -> None:
        """Run the time while it is the client's turn; a whole request in one packet starts none."""
        is_ours = self.cycle is not None and not self.cycle.response_complete
        if is_ours and not self._is_request:
            if self._until_request is not None:
                self._until_request.cancel()
                self._until_request = None
        elif self._until_request is None:
            self._until_request = self.loop.call_later(REQUEST_SECONDS, self.transport.close)
