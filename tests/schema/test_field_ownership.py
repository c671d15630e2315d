"""`farout db verify` tries who may write which field of the mirror, and says so when one answer is wrong."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.community.models import MirroredUser
from backend.community.models.mirrored_user import MIRRORED, OWN
from backend.devtools.postgres import OWNER
from backend.schema.ownership import APP, SYNC, try_ownership
from tests.fixtures.databases import Connection, Server

ROOT = Path(__file__).parents[2]


async def _verify(server: Server) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "backend", "db", "verify"],
        env={
            "PATH": os.environ["PATH"],
            "MIGRATION_AUTH_DATABASE_URL": server.url(OWNER, "farout_auth"),
            "MIGRATION_DATABASE_URL": server.url(OWNER, "farout"),
        },
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def test_every_column_of_the_mirror_has_one_owner() -> None:
    assert sorted(MIRRORED + OWN) == sorted(
        column.name for column in MirroredUser.__table__.columns
    )


async def test_each_role_writes_its_own_fields_and_no_other(
    migrated: Server, community_owner: Connection
) -> None:
    trials = await try_ownership(migrated.url(OWNER, "farout"))

    allowed = {(trial.role, trial.statement) for trial in trials if trial.found == "allowed"}
    assert allowed == (
        {(APP, f"UPDATE {name}") for name in OWN}
        | {(SYNC, f"UPDATE {name}") for name in MIRRORED}
        | {(SYNC, "INSERT")}
    )
    assert all(trial.is_right for trial in trials)
    assert len(trials) == 2 * (len(MIRRORED + OWN) + 2)
    assert await community_owner.fetchval("SELECT count(*) FROM userbase") == 0


async def test_verify_shows_the_answers(migrated: Server) -> None:
    run = await _verify(migrated)

    assert run.returncode == 0, run.stdout + run.stderr
    lines = [line.split() for line in run.stdout.splitlines()]
    assert ["UPDATE", "email", "│", "refused", "│", "allowed"] in lines
    assert ["UPDATE", "permissions", "│", "allowed", "│", "refused"] in lines


@pytest.fixture
async def broken(community_owner: Connection) -> AsyncIterator[Connection]:
    yield community_owner
    await community_owner.execute(
        "REVOKE farout_sync FROM farout_app;"
        " REVOKE UPDATE (username) ON userbase FROM farout_app;"
        " GRANT UPDATE (settings) ON userbase TO farout_app"
    )


WRONG = {
    "GRANT UPDATE (username) ON userbase TO farout_app": {(APP, "UPDATE username")},
    "REVOKE UPDATE (settings) ON userbase FROM farout_app": {(APP, "UPDATE settings")},
    # No list of grants on the table shows this one.
    "GRANT farout_sync TO farout_app WITH INHERIT TRUE": {
        (APP, "INSERT"), *((APP, f"UPDATE {name}") for name in MIRRORED),
    },
}  # fmt: skip


@pytest.mark.parametrize("statement", WRONG)
async def test_a_wrong_answer_is_named_and_ends_with_status_1(
    migrated: Server, broken: Connection, statement: str
) -> None:
    await broken.execute(statement)

    trials = await try_ownership(migrated.url(OWNER, "farout"))
    run = await _verify(migrated)

    assert {(one.role, one.statement) for one in trials if not one.is_right} == WRONG[statement]
    assert run.returncode == 1
    assert "WRONG: " in run.stdout
