"""Nothing of the standard is forgotten, and what docs/security.md promises is what the code does."""

import re

import pytest

from backend.auth.crypto.access_tokens import LIFETIME_SECONDS
from backend.auth.passwords import policy
from backend.auth.sessions.queries import IDLE
from backend.auth.settings import AuthSettings
from tests.security import asvs

PAGE = (asvs.ROOT / "docs/security.md").read_text("utf-8")


def test_every_requirement_has_a_test_or_a_line() -> None:
    wanted = [one for one in asvs.requirements() if one.level in asvs.LEVELS]

    found = asvs.standings(wanted)

    assert len(wanted) == 75
    assert [one for one, standing in found.items() if standing == "missing"] == []


def test_a_requirement_without_either_is_missing() -> None:
    unknown = asvs.Requirement("6.99.1", 1, "nobody thought of it")

    assert asvs.standings([unknown]) == {unknown: "missing"}


def test_marks_and_lines_name_requirements_that_exist() -> None:
    existing = {one.id for one in asvs.requirements()}

    assert set(asvs.marked()) - existing == set()
    assert set(asvs.lines()) - existing == set()


def test_what_does_not_apply_is_not_proven_either() -> None:
    said = asvs.lines()

    assert [one for one in asvs.marked() if said.get(one) == "not applicable"] == []


@pytest.mark.asvs("6.1.2")
def test_the_words_that_a_password_may_not_be_made_of_are_written_down() -> None:
    [listed] = re.findall(r"made of nothing but these words: ([^.]+)\.", " ".join(PAGE.split()))

    assert set(re.findall(r"`(\w+)`", listed)) == set(policy._SITE_WORDS)


@pytest.mark.asvs("7.1.1")
def test_the_lifetimes_that_are_written_down_are_those_of_the_code() -> None:
    days = AuthSettings.model_fields["jwt_expiration_days"].default

    assert f"| a session, in any case | {days} days (`JWT_EXPIRATION_DAYS`) |" in PAGE
    assert f"| a session that nobody uses | {IDLE.days} days |" in PAGE
    assert f"| an access token | {LIFETIME_SECONDS // 60} minutes |" in PAGE
