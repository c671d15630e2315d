"""Requests that nobody thought of, made from the OpenAPI document: none of them breaks Farout."""

import asyncio
import os
import random
import sys
import time
from typing import Any

import httpx2
import pytest

from tests.fixtures.databases import Connection
from tests.fuzz.campaign import Campaign
from tests.fuzz.conftest import Target
from tests.fuzz.known import Known

SEED = int(os.environ.get("FUZZ_SEED", "20261121"))
# From here on a number of operations must have been got through to, or the run proves little.
GOT_THROUGH = {600: 60, 20_000: 120}


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _document(target: Target) -> dict[str, Any]:
    async with httpx2.AsyncClient(base_url=target.origin, trust_env=False) as client:
        document: dict[str, Any] = (await client.get("/openapi.json")).json()
        return document


class Rights:
    """What the roles may do, and everybody by name, as it was at the beginning."""

    def __init__(self, owner: Connection, roles: list[tuple[str, str]]) -> None:
        self._owner = owner
        self._roles = roles
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def read(cls, owner: Connection) -> "Rights":
        rows = await owner.fetch("SELECT role, permission FROM role_permissions")
        return cls(owner, [(row["role"], row["permission"]) for row in rows])

    def restore(self) -> None:
        """Called in the thread that sends."""
        asyncio.run_coroutine_threadsafe(self._restore(), self._loop).result(timeout=20)

    async def _restore(self) -> None:
        await self._owner.execute("DELETE FROM role_permissions")
        await self._owner.executemany("INSERT INTO role_permissions VALUES ($1, $2)", self._roles)


async def _prove(
    target: Target, owner: Connection, requests: int, *, turn: int, edges: int
) -> None:
    started = time.monotonic()
    rights = await Rights.read(owner)
    campaign = Campaign(
        await _document(target),
        target.origin,
        target.callers,
        Known(random.Random(SEED), target.spared),  # noqa: S311 - chooses what to send
        number=SEED,
        turn=turn,
        edges=edges,
        mend=rights.restore,
        tell=_tell,
    )
    findings = campaign.findings
    await asyncio.to_thread(campaign.look_around)
    for number in range(requests):
        if findings.sent >= requests:
            break
        # In a thread: the stand-in is served from here meanwhile.
        await asyncio.to_thread(campaign.play_round, number, requests)
    printed = (await target.process.stop()).decode()
    seconds = time.monotonic() - started
    _tell(f"seed {SEED}, {seconds:.0f} s, {findings.report()}")

    wrong = [f"{where}\n{text}" for (where, _), text in findings.wrong.items()]
    assert not wrong, "\n\n".join(wrong)
    assert "Traceback" not in printed, printed[printed.index("Traceback") - 500 :][:5000]
    assert findings.sent >= requests
    assert len(findings.reached) >= GOT_THROUGH[requests]


async def test_six_hundred_requests_find_no_fault(
    target: Target, community_owner: Connection
) -> None:
    await _prove(target, community_owner, 600, turn=2, edges=0)


@pytest.mark.fuzz
async def test_twenty_thousand_requests_find_no_fault(
    target: Target, community_owner: Connection
) -> None:
    await _prove(target, community_owner, 20_000, turn=20, edges=40)
