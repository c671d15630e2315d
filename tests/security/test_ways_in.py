"""Every way to a session is one that we know of (docs/decisions/0023)."""

import re
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[2] / "backend"
WAYS_IN = {
    "auth/discord_sign_in/actions.py",
    "auth/factors/sign_in.py",
    "auth/impersonation/actions.py",
    "auth/passkeys/actions.py",
    "auth/passwords/actions.py",
}


@pytest.mark.asvs("6.1.3", "6.3.4")
def test_a_session_begins_nowhere_else() -> None:
    """Whoever adds one says in 0023 what it proves, and makes it refuse banned and inactive users."""
    starting = re.compile(r"(?<!def )\bstart_session\(|\bSession\($", re.MULTILINE)
    found = {
        str(path.relative_to(BACKEND))
        for path in BACKEND.rglob("*.py")
        if starting.search(path.read_text("utf-8"))
    }

    assert found == WAYS_IN
