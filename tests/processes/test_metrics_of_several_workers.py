"""With several processes behind one port, each of them answers for all."""

import asyncio
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.fixtures.application import KEY
from tests.fixtures.databases import Server
from tests.fixtures.servers import FaroutProcess, free_port

QUESTIONS = 40


async def _asked(client: httpx2.AsyncClient) -> float:
    """Return how often auth was asked who is calling, as whichever process answers says it."""
    page = await client.get("/metrics", headers={"Connection": "close"})
    return next(
        sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
        if sample.name == "farout_identity_answers_total" and sample.labels["source"] == "auth"
    )


def _left_in(folder: Path) -> list[Path]:
    return list(folder.glob("farout-metrics-*"))


async def test_any_process_tells_the_counts_of_all(
    migrated: Server, empty_databases: None, tmp_path: Path
) -> None:
    process = FaroutProcess(
        {
            "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth"),
            "DATABASE_URL": migrated.url("farout_app", "farout"),
            "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
            "DISCORD_CLIENT_ID": "1",
            "DISCORD_CLIENT_SECRET": "x",
            "ENCRYPTION_KEYS": KEY,
            "TMPDIR": str(tmp_path),
        },
        free_port(),
        "--workers",
        "2",
    )
    await process.start()
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{process.port}",
            transport=httpx2.AsyncHTTPTransport(retries=20),
        ) as client:
            for _ in range(QUESTIONS):
                answer = await client.get(
                    "/auth/session", headers={"Cookie": "farout_session=x", "Connection": "close"}
                )
                assert answer.status_code == 401
            async with asyncio.timeout(30):
                while await _asked(client) != QUESTIONS:  # noqa: ASYNC110 - carried over in time
                    await asyncio.sleep(0.2)
            assert {await _asked(client) for _ in range(10)} == {QUESTIONS}
    finally:
        await process.stop()
    assert _left_in(tmp_path) == []
