"""`farout sync` as an operator and as a script sees it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from backend.app import create_app
from backend.auth.side import Auth
from backend.bridge.event_codec import encode
from backend.bridge.events import Event
from backend.bridge.settings import BridgeSettings
from backend.community.mirror.actions import park
from tests.fixtures.application import auth_settings
from tests.fixtures.databases import Server
from tests.fixtures.mirror import user_state
from tests.fixtures.servers import free_port, serving
from tests.sync.conftest import Sides

ROOT = Path(__file__).parents[2]
Run = Callable[..., Awaitable[subprocess.CompletedProcess[str]]]


@pytest.fixture
def farout_sync(migrated: Server) -> Run:
    environment = {
        "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth"),
        "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
    }

    async def run(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        given = {name: value for name, value in (environment | changed).items() if value}
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "backend", "sync", *arguments],
            env={"PATH": os.environ["PATH"], **given},
            capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip

    return run


def _words(run: subprocess.CompletedProcess[str]) -> list[str]:
    return [" ".join(line.split()) for line in run.stdout.splitlines()]


async def test_reconcile_says_what_it_found_and_repairs_it(sides: Sides, farout_sync: Run) -> None:
    await sides.add_users(12)
    await sides.lose_events()

    looked = await farout_sync("reconcile", "--dry-run")
    assert looked.returncode == 1, looked.stderr
    assert "12 missing, 0 differing, 0 surplus" in looked.stdout
    assert "Nothing was changed." in looked.stdout
    assert await sides.mirrored() == []

    repaired = await farout_sync("reconcile")
    assert repaired.returncode == 0, repaired.stderr
    assert "12 rows repaired." in repaired.stdout
    assert "12/12 users" in repaired.stderr
    assert await sides.mirrored() == await sides.masters()


async def test_auth_is_asked_over_http_where_its_database_is_out_of_reach(
    sides: Sides, farout_sync: Run, migrated: Server
) -> None:
    await sides.add_users(12)
    await sides.lose_events()
    key, port = "k" * 8 + "a1b2c3d4e5f6g7h8i9j0k1l2", free_port()
    there = {
        "AUTH_DATABASE_URL": "",
        "AUTH_SERVICE_URL": f"http://127.0.0.1:{port}",
        "AUTH_SERVICE_API_KEY": key,
    }
    away = await farout_sync("reconcile", **there)
    assert (away.returncode, len(await sides.mirrored())) == (1, 0)

    auth = Auth.from_settings(auth_settings(migrated), password_rounds=4)
    bridge = BridgeSettings(_env_file=None, auth_service_api_key=key)
    app = create_app(auth, None, heads={"auth": "x"}, bridge=bridge)
    async with serving(app, port):
        repaired = await farout_sync("reconcile", **there)
        status = await farout_sync("status", **there)
    await auth.close()

    assert repaired.returncode == 0, repaired.stderr
    assert await sides.mirrored() == await sides.masters()
    assert status.returncode == 0, status.stderr
    assert "undelivered events not in reach from here" in _words(status)


async def test_a_version_that_auth_never_gave_is_named_in_one_line(
    sides: Sides, farout_sync: Run
) -> None:
    await sides.add_users(3)
    await sides.deliver()
    await sides.community_owner.execute(
        "UPDATE userbase SET version = 4611686018427387905 WHERE username = 'user-2'"
    )

    damaged = await farout_sync("reconcile")

    assert damaged.returncode == 1
    assert "above 2^62" in damaged.stderr
    assert "Traceback" not in damaged.stderr + damaged.stdout
    await sides.community_owner.execute("UPDATE userbase SET version = 0 WHERE version > 1000000")
    assert (await farout_sync("reconcile")).returncode == 0
    assert await sides.mirrored() == await sides.masters()


async def test_status_ends_with_1_while_something_is_wrong(sides: Sides, farout_sync: Run) -> None:
    await sides.add_users(3)
    await sides.deliver()

    well = await farout_sync("status")
    assert well.returncode == 0, well.stdout + well.stderr
    assert {"users in auth 3", "users in the mirror 3", "last check never"} <= set(_words(well))

    await sides.community_owner.execute("DELETE FROM userbase WHERE username = 'user-1'")
    await sides.auth_owner.execute("UPDATE users SET role = 'admin' WHERE username = 'user-2'")
    await sides.auth_owner.execute("UPDATE outbox SET dead_at = now()")
    wrong = await farout_sync("status")
    assert wrong.returncode == 1
    assert {
        "missing in the mirror 1",
        "fields out of step 1",
        "dead letters 1",
        "undelivered events 0",
    } <= set(_words(wrong))


async def test_dead_letters_are_listed_and_travel_again(sides: Sides, farout_sync: Run) -> None:
    none = await farout_sync("dead-letters")
    assert (none.returncode, none.stdout) == (0, "Every event has arrived or is on its way.\n")
    await sides.add_users(3)
    await sides.auth_owner.execute("UPDATE outbox SET dead_at = now(), last_error = 'no [bold]way'")

    listed = await farout_sync("dead-letters")
    assert listed.returncode == 1
    assert listed.stdout.count("no [bold]way") == 3
    chosen = str(await sides.auth_owner.fetchval("SELECT event_id FROM outbox LIMIT 1"))
    assert chosen in listed.stdout

    one = await farout_sync("replay", chosen)
    assert one.returncode == 0, one.stdout + one.stderr
    assert "1 given-up events travel again" in one.stdout
    await sides.deliver()
    assert len(await sides.mirrored()) == 1
    rest = await farout_sync("replay", "--all")
    assert "2 given-up events travel again" in rest.stdout
    await sides.deliver()
    assert await sides.mirrored() == await sides.masters()


async def test_rejected_events_are_applied_when_they_can_be(sides: Sides, farout_sync: Run) -> None:
    good = Event(uuid4(), "user.updated", datetime.now(UTC), user_state(7, 1))
    bad = uuid4()
    await park(sides.mirror, good.id, encode(good), reason="of an unknown kind")
    await park(sides.mirror, bad, b'{"type": "user.promoted"}', reason="of an unknown kind")

    run = await farout_sync("replay", "--all")

    assert run.returncode == 1
    assert "1 rejected applied" in run.stdout
    assert f"{bad} still cannot be applied" in run.stdout
    assert [row[3] for row in await sides.mirrored()] == ["user-7-v1"]
    left = await sides.community_owner.fetch("SELECT event_id FROM rejected_events")
    assert [row["event_id"] for row in left] == [bad]
    unknown = await farout_sync("replay", str(uuid4()))
    assert unknown.returncode == 1
    assert "1 of those named are neither given up nor rejected." in unknown.stdout


@pytest.mark.parametrize(
    ("arguments", "changed", "status", "line"),
    [
        (["reconcile"], {"SYNC_DATABASE_URL": ""}, 78, "SYNC_DATABASE_URL is not set."),
        (["reconcile"], {"AUTH_DATABASE_URL": ""}, 78, "AUTH_DATABASE_URL is not set"),
        (["status"], {"AUTH_DATABASE_URL": "mysql://x/y"}, 78, "AUTH_DATABASE_URL must look like"),
        (
            ["status"],
            {"AUTH_DATABASE_URL": "postgresql://x:hidden@127.0.0.1:1/farout_auth"},
            1,
            "farout: The database cannot be reached",
        ),
    ],
)
async def test_what_is_missing_is_said_in_one_line(
    farout_sync: Run, arguments: list[str], changed: dict[str, str], status: int, line: str
) -> None:
    run = await farout_sync(*arguments, **changed)

    assert run.returncode == status
    assert [one for one in run.stderr.splitlines() if one.startswith(line)], run.stderr
    assert "Traceback" not in run.stderr
    assert "hidden" not in run.stderr + run.stdout


async def test_replay_wants_to_be_told_which(farout_sync: Run) -> None:
    assert (await farout_sync("replay")).returncode == 2
    assert (await farout_sync("replay", str(uuid4()), "--all")).returncode == 2
