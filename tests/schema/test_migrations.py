"""Upgrade, downgrade, upgrade; four starters at once; and what verify notices."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from backend.devtools.postgres import OWNER, Cluster
from backend.schema.diagram import draw
from backend.schema.histories import AUTH, COMMUNITY, History, MigrationFailed
from backend.schema.verify import verify
from tests.fixtures.databases import PASSWORDS

ROOT = Path(__file__).parents[2]
BOTH = [(AUTH, "farout_auth"), (COMMUNITY, "farout")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Yield a cluster that these tests may change as they like."""
    cluster = Cluster(tmp_path_factory.mktemp("schema"), PASSWORDS, durable=False)
    cluster.start()
    yield cluster
    cluster.destroy()


def _environment(cluster: Cluster) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "MIGRATION_AUTH_DATABASE_URL": cluster.url(OWNER, "farout_auth"),
        "MIGRATION_DATABASE_URL": cluster.url(OWNER, "farout"),
    }


def _farout(
    cluster: Cluster, *arguments: str, answer: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backend", *arguments],
        env=_environment(cluster), input=answer, capture_output=True, text=True, check=False,
        cwd=ROOT,
    )  # fmt: skip


@pytest.mark.parametrize(("history", "database"), BOTH)
async def test_up_down_up_leaves_what_the_models_say(
    cluster: Cluster, history: History, database: str
) -> None:
    url = cluster.url(OWNER, database)

    await history.upgrade(url)
    first = await verify(history, url)
    await history.downgrade(url)
    emptied = await verify(history, url)
    await history.upgrade(url)
    second = await verify(history, url)

    assert first.is_equal, (first.missing, first.unexpected)
    assert {item.kind for item in emptied.right} == {"connect"}
    assert not emptied.unexpected
    assert second == first
    assert await history.find_drift(url) is None


async def test_four_starters_at_once_all_succeed(cluster: Cluster) -> None:
    for history, database in BOTH:
        await history.downgrade(cluster.url(OWNER, database))

    runs = await asyncio.gather(
        *(asyncio.to_thread(_farout, cluster, "db", "upgrade") for _ in range(4))
    )

    assert [run.returncode for run in runs] == [0] * 4, [run.stderr for run in runs]
    for history, database in BOTH:
        assert (await verify(history, cluster.url(OWNER, database))).is_equal


def test_downgrade_asks_before_it_drops_anything(cluster: Cluster) -> None:
    _farout(cluster, "db", "upgrade")

    refused = _farout(cluster, "db", "downgrade", "--to", "base", answer="n\n")
    assert refused.returncode == 1
    assert "with all their rows" in refused.stdout
    assert _farout(cluster, "db", "check").returncode == 0

    assert _farout(cluster, "db", "downgrade", "--to", "base", "--yes").returncode == 0
    check = _farout(cluster, "db", "check")
    assert check.returncode == 1
    assert "run `farout db upgrade`" in check.stdout


async def test_a_migration_does_not_wait_long_for_a_table(cluster: Cluster) -> None:
    """A reader that holds a table must not make everybody queue behind the migration."""
    url = cluster.url(OWNER, "farout")
    await COMMUNITY.upgrade(url)
    reader = await asyncpg.connect(url)
    await reader.execute("BEGIN; LOCK TABLE members IN ACCESS SHARE MODE")
    try:
        with pytest.raises(MigrationFailed, match=r"lock timeout.*try again later"):
            async with asyncio.timeout(20):
                await COMMUNITY.downgrade(url)
    finally:
        await reader.close()
    # The migration that met the reader is whole; those above it went down before and come back.
    await COMMUNITY.upgrade(url)
    assert (await verify(COMMUNITY, url)).is_equal
    await COMMUNITY.downgrade(url)


async def test_missing_roles_are_explained(cluster: Cluster) -> None:
    owner = await asyncpg.connect(cluster.url(OWNER, "farout"))
    await owner.execute("CREATE DATABASE without_roles")
    await owner.execute("ALTER ROLE farout_app RENAME TO renamed")
    try:
        with pytest.raises(MigrationFailed, match=r"create-databases\.sh makes them"):
            await COMMUNITY.upgrade(cluster.url(OWNER, "without_roles"))
    finally:
        await owner.execute("ALTER ROLE renamed RENAME TO farout_app")
        await owner.execute("ALTER ROLE farout_app PASSWORD 'app-test'")
        await owner.close()


CHANGES = {
    "a column more": ("ALTER TABLE users ADD phone text", "users.phone"),
    "another type": ("ALTER TABLE users ALTER avatar TYPE text", "users.avatar"),
    "an index less": ("DROP INDEX users_role_idx", "users_role_idx"),
    "a check less": (
        "ALTER TABLE users DROP CONSTRAINT users_role_known_check",
        "users_role_known",
    ),
    "a default less": ("ALTER TABLE users ALTER role DROP DEFAULT", "users.role"),
    "a grant more": ("GRANT DELETE ON audit_log TO farout_auth_service", "audit_log to farout"),
    "a column grant": ("GRANT UPDATE (action) ON audit_log TO farout_app", "audit_log.action to"),
    "a trigger less": ("DROP TRIGGER account_security_keep_uid ON account_security", "keep_uid"),
    "a door open": ("GRANT CONNECT ON DATABASE farout_auth TO farout_app", "farout_app"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_verify_names_any_difference(cluster: Cluster, name: str) -> None:
    statement, named = CHANGES[name]
    url = cluster.url(OWNER, "farout_auth")
    await AUTH.upgrade(url)
    owner = await asyncpg.connect(url)
    try:
        await owner.execute(statement)
        verdict = await verify(AUTH, url)
    finally:
        await owner.close()
        await AUTH.downgrade(url)
        await _shut_the_door(url)

    assert not verdict.is_equal
    assert any(named in item.name for item in verdict.missing | verdict.unexpected), verdict


async def _shut_the_door(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute("REVOKE CONNECT ON DATABASE farout_auth FROM farout_app")
    await owner.close()


async def test_verify_and_check_pass_on_a_fresh_upgrade(cluster: Cluster) -> None:
    assert _farout(cluster, "db", "upgrade").returncode == 0

    for command in ("verify", "check"):
        run = _farout(cluster, "db", command)
        assert run.returncode == 0, run.stdout + run.stderr


async def test_verify_ends_with_status_1_and_names_the_difference(cluster: Cluster) -> None:
    url = cluster.url(OWNER, "farout")
    await COMMUNITY.upgrade(url)
    owner = await asyncpg.connect(url)
    await owner.execute("DROP INDEX members_rank_idx")
    await owner.close()

    run = await asyncio.to_thread(_farout, cluster, "db", "verify")
    await COMMUNITY.downgrade(url)

    assert run.returncode == 1
    assert "missing     index members.members_rank_idx" in run.stdout


def test_the_tables_have_exactly_the_columns_of_the_design() -> None:
    columns = {
        table: [column.name for column in history.metadata.tables[table].columns]
        for history, table in ((AUTH, "users"), (COMMUNITY, "members"))
    }

    assert json.dumps(columns) == json.dumps(
        {
            "users": [
                "id", "discord_id", "username", "discriminator", "avatar", "email",
                "hashed_password", "role", "must_change_password", "created_at", "last_login",
                "is_active",
            ],
            "members": [
                "id", "discord_id", "display_name", "bio", "avatar_url", "rank",
                "missions_completed", "trainings_completed", "stats", "created_at", "updated_at",
            ],
        }
    )  # fmt: skip


def test_the_diagram_in_the_docs_is_the_one_of_the_models() -> None:
    assert (ROOT / "docs" / "databases.md").read_text(encoding="utf-8") == draw(), (
        "run: farout db diagram --write docs/databases.md"
    )
