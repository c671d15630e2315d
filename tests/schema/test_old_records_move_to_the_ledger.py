"""Profiles from before the ledger: what stood in them becomes entries, and nothing is lost."""

import json
from collections.abc import Iterator

import asyncpg
import pytest
from alembic import command

from backend.devtools.postgres import OWNER, Cluster
from backend.schema.histories import COMMUNITY, connect
from tests.fixtures.databases import PASSWORDS

BEFORE = "5f90b3e72d48"


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("legacy"), PASSWORDS, durable=False)
    cluster.start()
    yield cluster
    cluster.destroy()


async def test_names_become_entries_and_numbers_become_counters(cluster: Cluster) -> None:
    url = cluster.url(OWNER, "farout")
    async with connect(url) as connection:
        await connection.run_sync(
            COMMUNITY._alembic, lambda config: command.upgrade(config, BEFORE)
        )
    owner = await asyncpg.connect(url)
    await owner.execute(
        "INSERT INTO members (discord_id, display_name, missions_completed, trainings_completed,"
        " stats) VALUES ('1', 'x', $1, $2, $3), ('2', 'y', '[]', '[]', '{}')",
        json.dumps(["op-x", {"name": "Red Horizon", "date": "2024"}, 7, {}]),
        json.dumps([{"name": "Docking"}]),
        json.dumps({"hours": 12, "points": 3, "ratio": 0.5, "Bad Key": 1, "who": "me"}),
    )

    await COMMUNITY.upgrade(url)

    row = await owner.fetchrow("SELECT * FROM members WHERE discord_id = '1'")
    assert row is not None
    missions = json.loads(row["missions_completed"])
    assert [(one["slug"], one["title"], one["via"]) for one in missions] == [
        ("op-x", "op-x", "legacy"),
        ("red-horizon", "Red Horizon", "legacy"),
    ]
    assert [one["title"] for one in json.loads(row["trainings_completed"])] == ["Docking"]
    assert json.loads(row["stats"])["counters"] == {
        "hours": 12, "missions_completed": 2, "trainings_completed": 1, "points": 0,
        "minutes_in_ops": 0,
    }  # fmt: skip
    assert await owner.fetchval("SELECT stats FROM members WHERE discord_id = '2'") == "{}"
    await owner.close()
