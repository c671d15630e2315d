"""`farout dev`: one command from nothing, kept data, and an end that leaves nothing running."""

import asyncio
import os
import re
import socket
import stat
import sys
from pathlib import Path

import httpx2

from tests.browser.conftest import ROOT, Development, start_development


async def test_starts_from_nothing_keeps_its_data_and_stops_clean(tmp_path: Path) -> None:
    first = await start_development(tmp_path)
    kept = tmp_path / ".farout" / "env"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    async with httpx2.AsyncClient(base_url=first.origin, trust_env=False) as browser:
        assert (await browser.get("/readyz")).json()["status"] == "ok"
        assert "Sign in with Discord" in (await browser.get("/sign-in")).text
        person = {
            "username": "quiet", "email": "quiet@example.test", "password": "orbit-lantern-7-violet"
        }  # fmt: skip
        assert (await browser.post("/auth/register", json=person)).status_code == 202
    mail = await _written_mail(first)
    assert f"{first.origin}/verify-email?token=" in mail.read_text()
    assert stat.S_IMODE(mail.stat().st_mode) == 0o600
    beside = await _beside(tmp_path, "users", "list", "--role", "admin")
    assert "admin" in beside
    assert "Both databases are what the models say" in await _beside(tmp_path, "db", "verify")
    assert "WRONG" not in await _beside(tmp_path, "doctor")
    port = _database_port(kept)

    assert "the data stays" in await first.interrupt()

    assert not _answers(port)
    second = await start_development(tmp_path)
    try:
        assert "andromeda.vale" in await _beside(tmp_path, "users", "list", "andromeda")
    finally:
        await second.interrupt()


async def _beside(folder: Path, *arguments: str) -> str:
    """Run a command in the same folder: it finds the settings by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend", *arguments,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def _written_mail(development: Development) -> Path:
    """Read what the process prints until it says where it has put a mail."""
    assert development.process.stdout is not None
    async with asyncio.timeout(20):
        line = b"-"
        while line and b"mail written" not in line:
            line = await development.process.stdout.readline()
    found = re.search(r"file=(\S+)", line.decode())
    assert found, line
    return development.folder / found[1]


def _database_port(env: Path) -> int:
    [line] = [one for one in env.read_text().splitlines() if one.startswith("DATABASE_URL=")]
    return int(line.rpartition(":")[2].partition("/")[0])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
