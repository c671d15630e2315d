"""The transport through a real NATS server with JetStream, killed and started again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from uuid import uuid4

import nats
import pytest

from backend.auth.outbox.actions import deliver_due
from backend.bridge.event_codec import encode
from backend.bridge.transports.nats import STREAM, NatsConsumer, NatsTransport
from backend.community.mirror.consumer import settle_messages
from backend.database import Database
from tests.fixtures.application import one_row
from tests.fixtures.databases import Connection
from tests.fixtures.mirror import deleted, event, in_step, user_state
from tests.fixtures.nats import NatsServer


class Consuming:
    """A consumer at work; ``settled`` is set after each batch."""

    def __init__(self, server: NatsServer, sync_database: Database) -> None:
        self._sync_database = sync_database
        self.settled = asyncio.Event()
        self.batches = 0
        self._task = asyncio.create_task(NatsConsumer(server.url, self._settle).run())

    async def _settle(self, messages: Sequence[tuple[str, bytes]]) -> Sequence[bool]:
        settled = await settle_messages(self._sync_database, messages)
        self.batches += 1
        self.settled.set()
        return settled

    async def until(self, query: str, wanted: object, community: Connection) -> None:
        """Wait until a query gives what is wanted."""
        async with asyncio.timeout(20):
            while await community.fetchval(query) != wanted:
                self.settled.clear()
                await self.settled.wait()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def consuming(nats_server: NatsServer, sync_database: Database) -> AsyncIterator[Consuming]:
    consuming = Consuming(nats_server, sync_database)
    yield consuming
    await consuming.stop()


@pytest.fixture
async def transport(nats_server: NatsServer) -> AsyncIterator[NatsTransport]:
    transport = NatsTransport(nats_server.url)
    yield transport
    await transport.close()


async def test_users_travel_through_jetstream(
    auth_database: Database, transport: NatsTransport, consuming: Consuming,
    auth_owner: Connection, community_owner: Connection,
) -> None:  # fmt: skip
    await auth_owner.execute(
        "INSERT INTO users (username) SELECT 'user-' || n FROM generate_series(1, 150) AS n"
    )
    while await deliver_due(auth_database, transport):
        pass

    await consuming.until("SELECT count(*) FROM userbase", 150, community_owner)

    assert await in_step(auth_owner, community_owner)
    assert await auth_owner.fetchval("SELECT count(*) FROM outbox") == 0


async def test_an_event_published_twice_is_stored_once(
    nats_server: NatsServer, transport: NatsTransport
) -> None:
    again = event(user_state(1, 1))

    assert await transport.deliver([again, again]) == [None, None]
    assert await transport.deliver([again]) == [None]

    client = await nats.connect(nats_server.url)
    stream = await client.jetstream().stream_info(STREAM)
    assert stream.state.messages == 1
    await client.close()


async def test_a_killed_server_loses_nothing(
    nats_server: NatsServer, sync_database: Database, transport: NatsTransport,
    community_owner: Connection,
) -> None:  # fmt: skip
    first = [event(user_state(number, number)) for number in range(1, 51)]
    assert await transport.deliver(first) == [None] * 50
    await nats_server.kill()

    while_away = await transport.deliver([event(user_state(51, 51))])
    assert while_away[0] is not None
    assert while_away[0].is_target_away

    await nats_server.start()
    consuming = Consuming(nats_server, sync_database)
    async with asyncio.timeout(20):
        # The client connects again by itself; until then an event stays in the outbox.
        while await transport.deliver([event(user_state(51, 51))]) != [None]:
            pass
    await consuming.until("SELECT count(*) FROM userbase", 51, community_owner)
    await consuming.stop()


async def test_a_server_killed_under_a_running_consumer_is_found_again(
    nats_server: NatsServer, transport: NatsTransport, consuming: Consuming,
    community_owner: Connection,
) -> None:  # fmt: skip
    await transport.deliver([event(user_state(1, 1))])
    await consuming.until("SELECT count(*) FROM userbase", 1, community_owner)

    await nats_server.kill()
    await nats_server.start()
    async with asyncio.timeout(20):
        while await transport.deliver([event(user_state(2, 2))]) != [None]:
            pass

    await consuming.until("SELECT count(*) FROM userbase", 2, community_owner)


async def test_a_poison_message_is_parked_and_blocks_nobody(
    nats_server: NatsServer, transport: NatsTransport, consuming: Consuming,
    community_owner: Connection,
) -> None:  # fmt: skip
    client = await nats.connect(nats_server.url)
    jetstream = client.jetstream()
    await transport.deliver([event(user_state(1, 1))])
    poison = [b"\xff\x00", b"[]", encode(event(user_state(2, 2))).replace(b'"role":"member",', b"")]
    ids = [str(uuid4()) for _ in poison]
    for message_id, body in zip(ids, poison, strict=True):
        await jetstream.publish("farout.users.updated", body, headers={"Nats-Msg-Id": message_id})
    await transport.deliver([event(user_state(3, 3)), deleted(1, 4)])

    await consuming.until("SELECT count(*) FROM rejected_events", 3, community_owner)
    await consuming.until("SELECT count(*) FROM userbase", 2, community_owner)

    rows = await community_owner.fetch("SELECT event_id::text, error FROM rejected_events")
    assert {row["event_id"] for row in rows} == set(ids)
    assert "role" in " ".join(row["error"] for row in rows)
    row = await one_row(community_owner, "SELECT deleted_at FROM userbase WHERE user_id = 1")
    assert row["deleted_at"] is not None
    await client.close()


async def test_a_database_that_is_away_keeps_the_messages_coming(sync_database: Database) -> None:
    nowhere = Database("postgresql://farout_sync@127.0.0.1:1/farout")

    messages = [(str(uuid4()), encode(event(user_state(1, 1))))]

    assert await settle_messages(nowhere, messages) == [False]
    assert await settle_messages(sync_database, messages) == [True]
    assert await partial(settle_messages, sync_database)([]) == []
    await nowhere.close()
