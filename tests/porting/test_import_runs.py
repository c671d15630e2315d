"""Imports that are interrupted, tried out, or meet each other."""

import asyncio
import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.community.porting.actions import LOCK, Wish, import_file
from backend.community.porting.errors import ImportRunning
from backend.community.porting.handlers.outcomes import Action
from backend.community.porting.inspection import open_source
from backend.community.projection.commands import compare_all
from tests.fixtures.application import Farout
from tests.fixtures.databases import Server
from tests.porting.conftest import Filling, Moving

NOVA = "80351110224678912"
_AWARD = text("""
    INSERT INTO completions (member_id, kind, mission_id, slug, title, outcome, completed_at, via)
    SELECT members.id, 'mission', missions.id, slug, title, 'success', '2024-05-01', 'rule'
    FROM members CROSS JOIN missions WHERE slug = :slug ORDER BY members.id DESC
""")
POSITION = "SELECT position FROM import_runs WHERE finished_at IS NULL AND position > 0"


def _start(server: Server, *arguments: str) -> "subprocess.Popen[str]":
    environment = os.environ | {
        "DATABASE_URL": server.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": server.url("farout_sync", "farout"),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "backend", "community", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


async def _finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    output, errors = await asyncio.to_thread(process.communicate)
    return process.returncode, output + errors


@pytest.mark.slow
async def test_a_killed_import_goes_on_where_it_stopped_and_does_nothing_twice(
    moving: Moving, filled: Filling, farout: Farout, migrated: Server
) -> None:
    await filled(400)
    before = await moving.contents()
    exported = await moving.export()
    rows = exported.read_bytes().count(b"\n") - 2
    report = moving.folder / "report.csv"
    await moving.wipe()
    killed_at: list[int] = []
    for target in (500, 1500, 3000):
        process = _start(migrated, "import", str(exported), "--report", str(report))
        while process.poll() is None:
            position = await moving.owner.fetchval(POSITION) or 0
            if position >= target:
                process.kill()
        await _finish(process)
        killed_at.append(await moving.owner.fetchval(POSITION) or 0)

    status, output = await _finish(
        _start(migrated, "import", str(exported), "--report", str(report))
    )

    assert killed_at == sorted(set(killed_at)), killed_at
    assert 0 < killed_at[0] < killed_at[-1] < rows
    assert status == 0, output
    assert f"Went on behind {killed_at[-1]} rows" in output
    after = await moving.contents()
    assert [name for name in before if before[name] != after[name]] == []
    assert await compare_all(farout.community) == (400, [])
    with report.open(newline="") as file:
        lines = [int(row["line"]) for row in csv.DictReader(file)]
    assert lines == list(range(2, rows + 2))
    run = await moving.owner.fetchrow("SELECT * FROM import_runs")
    assert run is not None
    assert run["position"] == rows
    assert await moving.owner.fetchval("SELECT count(*) FROM import_runs") == 1


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    moving: Moving, filled: Filling
) -> None:
    await filled(30)
    exported = await moving.export()
    await moving.wipe()
    before = await moving.everything()

    tried = await moving.read_in(exported, dry_run=True, report=moving.folder / "tried.jsonl")

    assert await moving.everything() == before
    done = await moving.read_in(exported, report=moving.folder / "done.jsonl")
    assert tried.outcomes == done.outcomes
    assert done.count(Action.CREATE) > 300
    reports = [(moving.folder / name).read_bytes() for name in ("tried.jsonl", "done.jsonl")]
    assert reports[0] == reports[1]


async def test_strict_writes_nothing_unless_every_row_can_be_imported(moving: Moving) -> None:
    sheet = f"discord_id,display_name\n{NOVA},Nova\n155149108183695360,\n"
    path = moving.write("members.csv", sheet)
    before = await moving.everything()

    stopped = await moving.read_in(path, strict=True)

    assert stopped.stopped
    assert await moving.everything() == before
    moving.write("members.csv", sheet.replace("360,", "360,Cosmo"))
    assert (await moving.read_in(path, strict=True)).count(Action.CREATE) == 2
    assert await moving.owner.fetchval("SELECT count(*) FROM members") == 2


async def test_a_second_import_at_the_same_time_is_refused(
    moving: Moving, migrated: Server
) -> None:
    path = moving.write("members.csv", f"discord_id,display_name\n{NOVA},Nova\n")
    async with moving.database.try_lock(LOCK) as is_ours:
        assert is_ours
        with pytest.raises(ImportRunning):
            await moving.read_in(path)
        status, output = await _finish(_start(migrated, "import", str(path)))
    assert status == 1
    assert "farout: Another import is running" in output
    assert "Traceback" not in output
    assert await moving.owner.fetchval("SELECT count(*) FROM members") == 0


async def test_a_row_that_the_database_refuses_spoils_no_other(moving: Moving) -> None:
    await moving.read_in(moving.write("missions.csv", "slug,title\niron-dawn,Iron Dawn\n"))
    await moving.read_in(
        moving.write("members.csv", f"discord_id,display_name\n{NOVA},Nova\n12345678,Rhea\n")
    )
    # Awarded before it was completed: only the table knows better.
    sheet = (
        "discord_id,mission,completed_at,awarded_at\n"
        f"{NOVA},iron-dawn,2024-05-02,2024-05-01\n12345678,iron-dawn,2024-05-01,2024-05-02\n"
    )

    result = await moving.read_in(moving.write("completions.csv", sheet))

    assert result.count(Action.CREATE) == 1
    [refused] = result.first_errors
    assert refused.record.line == 2
    assert "completions_not_in_the_future_check" in refused.outcome.reason


async def test_life_may_go_on_while_an_import_writes(moving: Moving, farout: Farout) -> None:
    """Others who write the same members meet the import in the database; neither loses anything."""
    ids = [str(155149108183695000 + 7 * n) for n in range(40)]
    await moving.read_in(
        moving.write("members.csv", "discord_id,display_name\n" + "".join(f"{i},x\n" for i in ids))
    )
    missions = "slug,title,points\n" + "".join(f"m-{n},M {n},1\n" for n in range(40))
    missions += "".join(f"other-{n},Other {n},1\n" for n in range(4))
    await moving.read_in(moving.write("missions.csv", missions))
    rows = [f"{i},m-{n},2024-05-01\n" for n in range(40) for i in ids]
    source = open_source(
        moving.write("completions.csv", "discord_id,mission,completed_at\n" + "".join(rows))
    )

    async def award_everybody(number: int) -> None:
        async with moving.database.transaction() as db:
            await db.execute(_AWARD, {"slug": f"other-{number}"})

    imported, _ = await asyncio.gather(
        import_file(moving.database, source, Wish()),
        asyncio.gather(*(award_everybody(n) for n in range(4))),
    )

    assert imported.count(Action.ERROR) == 0
    assert await moving.owner.fetchval("SELECT count(*) FROM completions") == 1600 + 160
    assert await compare_all(farout.community) == (40, [])


async def test_every_import_stands_in_the_audit_log(moving: Moving) -> None:
    path = moving.write("members.csv", f"discord_id,display_name\n{NOVA},Nova\n")
    await moving.read_in(path)
    actions = await moving.owner.fetch("SELECT action, details FROM audit_log ORDER BY id")
    assert [row["action"] for row in actions] == ["import.started", "import.finished"]
    assert '"members create": 1' in actions[1]["details"]
