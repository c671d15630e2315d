"""Events through NATS JetStream: the outbox publishes, a durable consumer applies."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from nats.js.errors import NotFoundError

from backend.bridge.delivery import Failure
from backend.bridge.event_codec import encode
from backend.bridge.events import Event

log = logging.getLogger(__name__)

STREAM = "FAROUT_USERS"
SUBJECTS = "farout.users.>"
CONSUMER = "farout_mirror"
# How long a message may wait for a community that is away; reconcile heals what is older.
_KEPT_SECONDS = 7 * 86_400
_ACK_SECONDS = 5.0
_BATCH = 100
_TROUBLE = (NatsError, OSError, TimeoutError)


class _Connection:
    """One client that connects again by itself, for as long as the process lives."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None
        self._jetstream: JetStreamContext | None = None

    async def jetstream(self) -> JetStreamContext:
        """Return the context, with the stream there; raises one of ``_TROUBLE``."""
        if self._client is None or self._client.is_closed:
            self._client = await nats.connect(
                self._url,
                connect_timeout=2,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.25,
                ping_interval=2,
                max_outstanding_pings=2,
                error_cb=_say_error,
            )
            self._jetstream = None
        if self._jetstream is None:
            jetstream = self._client.jetstream(timeout=_ACK_SECONDS)
            await _ensure_stream(jetstream)
            self._jetstream = jetstream
        return self._jetstream

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None


class NatsTransport:
    """Publishes with the event's id, so that JetStream itself drops what comes twice in short order."""

    def __init__(self, url: str) -> None:
        self._connection = _Connection(url)

    async def deliver(self, events: Sequence[Event]) -> Sequence[Failure | None]:
        try:
            jetstream = await self._connection.jetstream()
        except _TROUBLE as error:
            return [_away(error)] * len(events)
        return await asyncio.gather(*(_publish(jetstream, event) for event in events))

    async def close(self) -> None:
        await self._connection.close()


async def _publish(jetstream: JetStreamContext, event: Event) -> Failure | None:
    """An acknowledgement means that the message is on JetStream's disk."""
    try:
        await jetstream.publish(
            f"farout.users.{event.type.removeprefix('user.')}",
            encode(event),
            stream=STREAM,
            timeout=_ACK_SECONDS,
            headers={"Nats-Msg-Id": str(event.id)},
        )
    except _TROUBLE as error:
        return _away(error)
    return None


# Takes the bodies of several messages with their ids and returns, for each, whether it is settled:
# applied or parked. One that is not comes again.
Handle = Callable[[Sequence[tuple[str, bytes]]], Awaitable[Sequence[bool]]]


class NatsConsumer:
    """Takes messages from the durable consumer; several processes share them."""

    def __init__(self, url: str, handle: Handle) -> None:
        self._connection = _Connection(url)
        self._handle = handle

    async def run(self) -> None:
        """Consume until cancelled, whatever happens to the server."""
        try:
            while True:
                try:
                    await self._consume()
                except _TROUBLE as error:
                    log.warning(
                        "not consuming",
                        extra={"action": "nats.lost", "reason": type(error).__name__},
                    )
                    await asyncio.sleep(0.5)
        finally:
            await self._connection.close()

    async def _consume(self) -> None:
        jetstream = await self._connection.jetstream()
        subscription = await jetstream.pull_subscribe(
            SUBJECTS,
            durable=CONSUMER,
            stream=STREAM,
            config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=30),
        )
        while True:
            try:
                messages = await subscription.fetch(_BATCH, timeout=2)
            except TimeoutError:
                continue
            await self._settle(messages)

    async def _settle(self, messages: Sequence[Msg]) -> None:
        settled = await self._handle([(_id_of(one), one.data) for one in messages])
        for message, is_settled in zip(messages, settled, strict=True):
            if is_settled:
                await message.ack()
            else:
                await message.nak(delay=1)


def _id_of(message: Msg) -> str:
    return (message.headers or {}).get("Nats-Msg-Id", "")


def _away(error: BaseException) -> Failure:
    return Failure(f"NATS does not answer: {type(error).__name__}", is_target_away=True)


async def _ensure_stream(jetstream: JetStreamContext) -> None:
    try:
        await jetstream.stream_info(STREAM)
    except NotFoundError:
        await jetstream.add_stream(
            StreamConfig(name=STREAM, subjects=[SUBJECTS], max_age=_KEPT_SECONDS)
        )


async def _say_error(error: Exception) -> Any:
    log.info("nats", extra={"action": "nats.error", "reason": type(error).__name__})
