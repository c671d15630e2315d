"""Every text of the record takes any text or refuses it, and gives back what it took."""

import json
from typing import Any

import pytest

from backend.devtools.discord.seeds import COSMO_ID
from tests.fixtures.record import Unit
from tests.security.corpora import cases

CASES = cases("naughty_strings")
PATHS = ("missions", "trainings", "completions", "occurrences", "leaderboards/points")
KINDS = sorted({case["kind"] for case in CASES})


def _values(kind: str) -> list[str]:
    return [case["value"] for case in CASES if case["kind"] == kind]


def _body(sent: dict[str, Any]) -> dict[str, Any]:
    """Return a body with every character escaped: some cannot be written in UTF-8."""
    return {"content": json.dumps(sent), "headers": {"Content-Type": "application/json"}}


def _judge(answer: Any, field: str, sent: str) -> None:
    """A refusal, or the same text but for the spaces around it."""
    assert answer.status_code in (200, 201, 422), (answer.status_code, ascii(sent))
    if answer.status_code != 422:
        assert answer.json()[field] in (sent, sent.strip()), ascii(sent)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("kind", KINDS)
async def test_texts_come_back_as_they_were_sent(unit: Unit, kind: str) -> None:
    await unit.mission("base")
    occurrence = await unit.occurrence(mission="base", hours=-2)
    for number, value in enumerate(_values(kind)):
        sent = {"slug": f"m-{number}", "title": value or "x", "briefing": value}
        made = await unit.officer.post("/api/missions", **_body(sent))
        _judge(made, "briefing", value)
        if made.is_success:
            _judge(made, "title", value or "x")
        else:
            await unit.mission(f"m-{number}")
        award = {"member": COSMO_ID, "mission": f"m-{number}", "note": value, "role": value[:64]}
        given = await unit.officer.post("/api/completions", **_body(award))
        _judge(given, "note", value)
        report = {"people": [], "body": value}
        saved = await unit.officer.put(f"/api/occurrences/{occurrence}/report", **_body(report))
        _judge(saved, "body", value)
    profile = await unit.member.get(f"/api/members/{COSMO_ID}")
    assert profile.status_code == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_addresses_and_queries_made_of_anything_are_answered(unit: Unit, kind: str) -> None:
    for number, value in enumerate(_values(kind)):
        if any("\ud800" <= char <= "\udfff" for char in value):
            continue
        path = PATHS[number % len(PATHS)]
        for name in ("search", "cursor", "mission", "member", "since", "period"):
            answer = await unit.member.get(f"/api/{path}", params={name: value})
            assert answer.status_code in (200, 400, 404, 422), (path, name, ascii(value))
