"""`farout community export` and `import` as an operator sees them."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

from tests.fixtures.databases import Server
from tests.porting.conftest import Moving

ROOT = Path(__file__).parents[2]


async def _farout(server: Server, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": server.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": server.url("farout_sync", "farout"),
    }
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "backend", "community", *arguments],
        env=environment, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


async def test_an_operator_imports_a_sheet_and_exports_it(moving: Moving, migrated: Server) -> None:
    path = moving.write(
        "members.csv", "discord_id;display_name;size\n155149108183695360;Cosmo;9\n1.2E+17;Vega;9\n"
    )
    imported = await _farout(migrated, "import", str(path))
    assert imported.returncode == 1, imported.stderr
    assert "members.csv:3: discord_id was turned into a number" in imported.stdout
    assert "columns that mean nothing here: size" in imported.stdout
    assert [line.split() for line in imported.stdout.splitlines() if "members " in line][-1] == [
        "members", "1", "0", "0", "1",
    ]  # fmt: skip

    target = moving.folder / "out" / "community.zip"
    target.parent.mkdir()
    exported = await _farout(migrated, "export", str(target))
    assert exported.returncode == 0, exported.stderr
    assert target.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in target.parent.iterdir()] == ["community.zip"]
    again = await _farout(migrated, "export", str(target))
    assert again.returncode == 2
    assert "--force" in again.stderr
    tried = await _farout(migrated, "import", str(target), "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert "Nothing was written: this was a dry run." in tried.stdout


async def test_what_is_wrong_with_a_file_is_one_line_and_no_traceback(
    moving: Moving, migrated: Server
) -> None:
    pipe = str(moving.folder / "pipe")
    os.mkfifo(pipe)
    no_file = await _farout(migrated, "export", pipe, "--force")
    assert (no_file.returncode, stat.S_ISFIFO(os.stat(pipe).st_mode)) == (2, True)
    missing = await _farout(migrated, "import", str(moving.folder / "nothing.zip"))
    assert missing.returncode == 1
    assert missing.stderr.splitlines()[-1].startswith("farout: There is no ")
    assert "Traceback" not in missing.stderr
