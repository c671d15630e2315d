"""What a command costs before it does anything: it imports its own feature and not the application."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend import __version__
from backend.cli import _COMMANDS, _OF_DEVELOPMENT
from backend.commands.deferred import Deferred

ROOT = Path(__file__).parents[2]
WEB = {"fastapi", "starlette", "uvicorn", "backend.app"}
DATABASE = {"sqlalchemy", "asyncpg", "alembic"}
SETTINGS_ARE_MISSING = 78


def _run(folder: Path, *arguments: str) -> tuple[int, str, set[str]]:
    """Run a command where no settings are; returns its status, what it said, and what it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "backend", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    timed = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return done.returncode, done.stdout, {line.rpartition("|")[2].strip() for line in timed}


@pytest.mark.parametrize("asked", ["version", "--help"])
def test_what_needs_nothing_imports_nothing(asked: str, tmp_path: Path) -> None:
    status, said, imported = _run(tmp_path, asked)

    assert status == 0
    assert (__version__ if asked == "version" else "Migrations, and the proof") in said
    assert imported & (WEB | DATABASE | {"pydantic_settings", "aiohttp"}) == set()


@pytest.mark.parametrize(
    ("command", "left_out"),
    [
        ("db upgrade", {*WEB, "aiohttp", "nats", "webauthn", "backend.auth.side"}),
        ("users list", {*WEB, "alembic", "nats", "webauthn", "backend.community"}),
        ("keys list", {*WEB, "alembic", "nats", "webauthn", "backend.community"}),
        ("sync status", {*WEB, "alembic", "webauthn", "zxcvbn", "backend.auth.side"}),
        ("worker", {*WEB, "alembic", "webauthn", "zxcvbn", "backend.auth.side"}),
    ],
)
def test_a_command_leaves_the_rest_of_the_application_alone(
    command: str, left_out: set[str], tmp_path: Path
) -> None:
    status, _, imported = _run(tmp_path, *command.split())

    assert status == SETTINGS_ARE_MISSING
    assert "pydantic" in imported, "the import times cannot be read"
    assert imported & left_out == set()


@pytest.mark.parametrize(("name", "place", "text"), [*_COMMANDS, *_OF_DEVELOPMENT])
def test_the_list_says_of_a_command_what_the_command_says_of_itself(
    name: str, place: str, text: str
) -> None:
    command = Deferred(name, place, text).load()

    assert command.help == text
