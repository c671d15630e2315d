"""What the sender of webhooks makes of a receiver's answers, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from backend.bridge.signatures import verify
from backend.bridge.transports.webhook import WebhookTransport
from tests.fixtures.mirror import event, user_state
from tests.fixtures.servers import free_port, serving

KEY = bytes(range(32))


class Receiver:
    """Answers as a test says and keeps what it was sent."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.verified: list[str] = []
        self.elsewhere = 0

    @asynccontextmanager
    async def transport(self) -> AsyncIterator[WebhookTransport]:
        port = free_port()
        routes = [
            Route("/internal/events", self._take, methods=["POST"]),
            Route("/elsewhere", self._elsewhere, methods=["POST", "GET"]),
        ]
        transport = WebhookTransport(f"http://127.0.0.1:{port}", [KEY, bytes(32)])
        async with serving(Starlette(routes=routes), port):
            yield transport
            await transport.close()

    async def _take(self, request: Request) -> Response:
        self.verified.append(verify([KEY], request.headers, await request.body()))
        return self.answers.pop(0) if self.answers else Response(status_code=204)

    async def _elsewhere(self, _: Request) -> Response:
        self.elsewhere += 1
        return Response(status_code=204)


async def test_posts_every_event_signed_with_the_first_secret() -> None:
    receiver = Receiver()
    events = [event(user_state(number, 1)) for number in range(1, 41)]
    async with receiver.transport() as transport:
        outcomes = await transport.deliver(events)

    assert outcomes == [None] * 40
    assert sorted(receiver.verified) == sorted(str(one.id) for one in events)


@pytest.mark.parametrize(
    ("status", "is_target_away"),
    [(400, False), (422, False), (500, False), (401, True), (404, True), (502, True), (503, True)],
)
async def test_tells_the_event_s_fault_from_the_receiver_s(
    status: int, is_target_away: bool
) -> None:
    receiver = Receiver(Response(status_code=status))
    async with receiver.transport() as transport:
        [failure] = await transport.deliver([event(user_state(1, 1))])

    assert failure is not None
    assert failure.is_target_away is is_target_away
    assert not failure.is_final


async def test_waits_as_long_as_the_receiver_asks() -> None:
    receiver = Receiver(Response(status_code=429, headers={"Retry-After": "30"}))
    async with receiver.transport() as transport:
        [failure] = await transport.deliver([event(user_state(1, 1))])

    assert failure is not None
    assert (failure.retry_after, failure.is_target_away) == (30, True)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_takes_the_signed_body_nowhere_else(status: int) -> None:
    receiver = Receiver(RedirectResponse("/elsewhere", status))
    async with receiver.transport() as transport:
        [failure] = await transport.deliver([event(user_state(1, 1))])

    assert failure is not None
    assert receiver.elsewhere == 0


async def test_does_not_try_a_whole_batch_where_nobody_answers() -> None:
    """A socket that accepts and says nothing costs one time-out and not one for each event."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    transport = WebhookTransport(f"http://127.0.0.1:{port}", [KEY])
    events = [event(user_state(number, 1)) for number in range(1, 101)]
    started = asyncio.get_running_loop().time()

    outcomes = await transport.deliver(events)

    assert asyncio.get_running_loop().time() - started < 8
    assert all(outcome is not None and outcome.is_target_away for outcome in outcomes)
    await transport.close()
    silent.close()
    await silent.wait_closed()


async def test_an_https_address_is_not_spoken_to_in_clear() -> None:
    receiver = Receiver()
    async with receiver.transport() as plain:
        address = plain._url.replace("http://", "https://").removesuffix("/internal/events")
        transport = WebhookTransport(address, [KEY])
        [failure] = await transport.deliver([event(user_state(1, 1))])
        await transport.close()

    assert failure is not None
    assert failure.is_target_away
    assert receiver.verified == []
