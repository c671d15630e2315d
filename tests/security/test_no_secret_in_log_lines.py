"""The watch over the whole suite's log lines notices what it is there for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.canary import Canary

ROOT = Path(__file__).parents[2]
WAYS = {
    "in_a_message": "log.info('token %s', token)",
    "beside_a_message": "log.info('made', extra={'made': {'token': token}})",
    "in_the_text_of_an_exception": """
    try:
        raise ValueError(token)
    except ValueError:
        log.exception("oh")
""",
    "at_a_level_that_production_does_not_have": "log.setLevel('DEBUG'); log.debug(token)",
    "by_a_library": "logging.getLogger('asyncpg').warning(token)",
    "past_every_handler": "log.propagate = False; log.info(token)",
}
BEGINNING = """
import logging
from backend.auth.crypto.secrets import new_token
log = logging.getLogger("backend.some.module")
"""
TEST = """
def test_{name}() -> None:
    token = new_token()
    {line}
"""


def _run(folder: Path, ways: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a suite of its own, whose tests pass whatever they write."""
    tests = (TEST.format(name=name, line=line) for name, line in ways.items())
    (folder / "test_one.py").write_text(BEGINNING + "".join(tests), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.fixtures.canary", "-p",
         "no:cacheprovider", "--show-capture=no", "--rootdir", str(folder), str(folder)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, cwd=folder,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_run_that_writes_secrets_down_fails_although_its_tests_pass(tmp_path: Path) -> None:
    ended = _run(tmp_path, WAYS)

    assert f"{len(WAYS)} passed" in ended.stdout, ended.stdout
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    found = re.findall(r"a token in a line of test_one.py::test_(\w+)", ended.stdout)
    assert sorted(found) == sorted(WAYS), ended.stdout
    assert ended.stdout.count("<the secret>") >= len(WAYS)


def test_a_run_that_keeps_its_secrets_passes(tmp_path: Path) -> None:
    ended = _run(tmp_path, {"well": "log.info('made one', extra={'length': len(token)})"})

    assert ended.returncode == pytest.ExitCode.OK, ended.stdout
    assert "0 leaks" in ended.stdout


def test_what_a_served_process_prints_is_listened_to() -> None:
    canary = Canary()
    canary.learn("farout_key_0123", "an API key")

    canary.hear_output(
        b"12:00:00 ready\n12:00:01 Bearer farout_key_0123!\n12:00:02 farout_key_01\n"
    )

    [leak] = canary.leaks()
    assert leak.line == "12:00:01 Bearer <the secret>!"


def test_a_secret_is_known_in_every_form_in_which_it_is_shown() -> None:
    canary = Canary()
    canary.learn_bytes(bytes(range(15)), "a code")
    canary.learn_password("l\u00e4ngere W\u00f6rter")
    forms = (
        "code aaaqea-yeauda-ocajbi-fqydio", "AAAQEAYEAUDAOCAJBIFQYDIO", "AAECAwQFBgcICQoLDA0O",
        "000102030405060708090a0b0c0d0e", r"warning l\xe4ngere W\xf6rter",
    )  # fmt: skip

    for line in ("a harmless line", *forms):
        canary.hear(line)

    assert len(list(canary.leaks())) == len(forms)
