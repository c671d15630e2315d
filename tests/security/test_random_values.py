"""What must not be guessed comes from the operating system's generator, long enough and never twice."""

import ast
import re
from pathlib import Path

import pytest

from backend.auth.crypto.secrets import new_token
from tests.fixtures.application import Farout

BACKEND = Path(__file__).parents[2] / "backend"
# These spread the pauses before another try, and make nothing that anybody could use.
OF_PAUSES = ["auth/outbox/actions.py", "bridge/revocation_reader.py", "listener.py"]


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    plain = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    return plain | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.asvs("6.5.3", "7.2.3")
def test_the_predictable_generator_makes_pauses_alone() -> None:
    using = sorted(
        str(path.relative_to(BACKEND))
        for path in BACKEND.rglob("*.py")
        if "devtools" not in path.parts and "random" in _imported(path)
    )
    assert using == OF_PAUSES


@pytest.mark.asvs("7.2.3")
async def test_a_session_has_a_token_of_256_bits_that_nobody_else_has(farout: Farout) -> None:
    browser = await farout.signed_in()

    assert browser.session_token is not None
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", browser.session_token)
    assert len({new_token() for _ in range(10_000)}) == 10_000
