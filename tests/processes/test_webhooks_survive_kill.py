"""kill -9, of whoever changes something and of whoever sends: what was committed arrives, once by its id."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from backend.community.webhooks.signing import new_secret, seal
from backend.key_ring import KeyRing
from tests.fixtures.application import KEY
from tests.fixtures.databases import Connection, Server, until
from tests.fixtures.servers import ROOT, FaroutProcess
from tests.fixtures.webhooks import Answer, Receiver

pytestmark = pytest.mark.usefixtures("empty_databases")

# Changes something and is killed, by its own hand so that nothing comes between: before the commit's
# answer is used for anything, or before the commit.
WRITER = """
import asyncio, os, signal, sys
from backend.community.audit.actions import record
from backend.community.audit.origin import AT_A_SHELL
from backend.database import Database

async def change(url, number, moment):
    async with Database(url).transaction() as db:
        record(db, "item.added", actor=None, origin=AT_A_SHELL, item=number)
        await db.flush()
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(change(*sys.argv[1:]))
"""


async def change_and_be_killed(migrated: Server, number: str, moment: str) -> None:
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, migrated.url("farout_app", "farout"), number, moment,
        cwd=ROOT, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert await writer.wait() == -signal.SIGKILL


async def add_webhook(owner: Connection, url: str) -> str:
    """Write a webhook as the API would; returns its secret."""
    secret = new_secret()
    endpoint_id = await owner.fetchval("SELECT uuidv7()")
    await owner.execute(
        "INSERT INTO webhook_endpoints (id, url, event_types, secret, created_by)"
        " VALUES ($1, $2, '{*}', $3, uuidv7())",
        endpoint_id, url, seal(KeyRing.parse(KEY), endpoint_id, secret),
    )  # fmt: skip
    return secret


def make_worker(migrated: Server) -> FaroutProcess:
    return FaroutProcess(
        {
            "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth"),
            "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
            "COMMUNITY_KEYS": KEY,
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "WEBHOOK_ALLOW_HTTP": "true",
        },
        command="worker",
        ready=b"sending webhooks",
    )


@pytest.fixture
async def workers(migrated: Server) -> AsyncIterator[tuple[FaroutProcess, FaroutProcess]]:
    """Yield two workers that have not been started; those that were are ended afterwards."""
    pair = make_worker(migrated), make_worker(migrated)
    yield pair
    for one in pair:
        one.kill()


async def test_whoever_is_killed_after_the_commit_has_told_and_before_it_has_not(
    migrated: Server, community_owner: Connection, receiver: Receiver,
    workers: tuple[FaroutProcess, FaroutProcess],
) -> None:  # fmt: skip
    secret = await add_webhook(community_owner, receiver.url)
    await change_and_be_killed(migrated, "lost", "before")
    await change_and_be_killed(migrated, "kept", "after")

    # Two of them begin at once, and one of them sends it.
    await asyncio.gather(*(worker.start() for worker in workers))
    await receiver.until(1)
    await change_and_be_killed(migrated, "at once", "after")
    await receiver.until(2)
    await until(
        community_owner,
        "SELECT count(*) FROM webhook_deliveries WHERE delivered_at IS NULL",
        0,
    )

    told = [request.verified_with(secret)["data"]["item"] for request in receiver.requests]
    assert told == ["kept", "at once"]
    assert len(set(receiver.ids)) == 2
    assert [await worker.stop() for worker in workers]


async def test_whoever_is_told_to_stop_finishes_what_it_sends_and_begins_nothing(
    migrated: Server, community_owner: Connection, receiver: Receiver,
    workers: tuple[FaroutProcess, FaroutProcess],
) -> None:  # fmt: skip
    await add_webhook(community_owner, receiver.url)
    answered = asyncio.Event()

    async def take_time(_: object) -> Answer:
        await answered.wait()
        return Answer()

    receiver.judge = take_time
    worker, _ = workers
    await worker.start()
    await change_and_be_killed(migrated, "under way", "after")
    await receiver.until(1)

    stopping = asyncio.create_task(worker.stop())
    await change_and_be_killed(migrated, "too late", "after")
    waits = not stopping.done()
    answered.set()
    printed = await stopping

    assert waits
    assert b"webhooks.finishing" in printed
    told = await community_owner.fetch(
        "SELECT attempts, delivered_at IS NOT NULL AS arrived FROM webhook_deliveries ORDER BY id"
    )
    assert [tuple(row) for row in told] == [(1, True), (0, False)]
    assert len(receiver.requests) == 1


@pytest.mark.slow
async def test_what_a_killed_worker_was_sending_is_sent_by_another_under_the_same_id(
    migrated: Server, community_owner: Connection, receiver: Receiver,
    workers: tuple[FaroutProcess, FaroutProcess],
) -> None:  # fmt: skip
    secret = await add_webhook(community_owner, receiver.url)
    forever = asyncio.Event()

    async def hang(_: object) -> Answer:
        await forever.wait()
        return Answer()

    receiver.judge = hang
    first, second = workers
    await first.start()
    await change_and_be_killed(migrated, "x", "after")
    await receiver.until(1)
    # It was received and never answered for; nobody knows what the receiver did with it.
    first.kill()
    await first.gone()
    receiver.judge = lambda _: Answer()
    await second.start()
    await receiver.until(2)
    await until(
        community_owner,
        "SELECT count(*) FROM webhook_deliveries WHERE delivered_at IS NOT NULL",
        1,
    )

    forever.set()
    assert len(set(receiver.ids)) == 1
    assert receiver.requests[0].body == receiver.requests[1].body
    assert receiver.requests[1].verified_with(secret)["data"] == {"item": "x"}
    assert await community_owner.fetchval("SELECT attempts FROM webhook_deliveries") == 2
    await second.stop()
