"""What the worker does beside delivering, until it is told to stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from backend.database import DatabaseUnavailable
from backend.sync.settings import WatchSettings
from backend.sync.watch import keep_watch
from tests.fixtures.servers import free_port
from tests.sync.conftest import Sides


@asynccontextmanager
async def _watching(sides: Sides, **chosen: Any) -> AsyncIterator[None]:
    watch = asyncio.create_task(
        keep_watch(
            WatchSettings(_env_file=None, **chosen),
            mirror=sides.mirror,
            directory=sides.directory,
            auth=sides.auth,
            alert_seconds=0.05,
        )
    )
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


# What is waited for happens in a database, which tells nobody.
async def _becomes(sides: Sides, query: str, wanted: object) -> None:
    async with asyncio.timeout(20):
        while await sides.community_owner.fetchval(query) != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_an_old_mirror_is_reconciled_at_once_and_alerts_follow(sides: Sides) -> None:
    await sides.add_users(6)
    await sides.lose_events()

    async with _watching(sides):
        await _becomes(sides, "SELECT repaired FROM sync_checks", 6)
        await _becomes(sides, "SELECT name FROM incidents", "user_missing_in_mirror")

    assert await sides.mirrored() == await sides.masters()


async def test_a_mirror_that_was_just_compared_is_left_alone(sides: Sides) -> None:
    await sides.reconcile()
    await sides.add_users(6)
    await sides.lose_events()
    await sides.community_owner.execute(
        "INSERT INTO audit_log (action) VALUES ('password_write.refused')"
    )

    async with _watching(sides):
        await _becomes(sides, "SELECT count(*) FROM incidents", 1)

    assert await sides.mirrored() == []


async def test_whatever_fails_the_watch_goes_on(sides: Sides) -> None:
    has_failed = asyncio.Event()

    async def fail(number: int) -> None:
        has_failed.set()
        raise DatabaseUnavailable if number % 2 else ZeroDivisionError

    sides.directory.on_page = fail  # type: ignore[method-assign]
    async with _watching(sides):
        async with asyncio.timeout(20):
            await has_failed.wait()
        await sides.community_owner.execute(
            "INSERT INTO audit_log (action) VALUES ('password_write.refused')"
        )
        await _becomes(sides, "SELECT name FROM incidents", "password_write_attempted")


async def test_a_worker_can_say_what_it_has_delivered(sides: Sides) -> None:
    await sides.add_users(3)
    await sides.deliver()
    port = free_port()
    async with _watching(sides, worker_metrics_port=port), httpx2.AsyncClient() as client:
        await _becomes(sides, "SELECT count(*) FROM sync_checks", 1)
        page = (await client.get(f"http://127.0.0.1:{port}/metrics")).text

    counted = {
        sample.labels.get("outcome"): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "farout_deliveries_total"
    }
    assert counted["delivered"] >= 3
