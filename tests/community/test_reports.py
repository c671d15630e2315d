"""After the operation: one report awards the whole roster, and an edited one corrects it."""

import time
from typing import Any

import pytest

from backend.community.projection.commands import compare_all
from backend.devtools.discord.seeds import COSMO_ID, LYRA_ID, NOVA_ID
from tests.fixtures.record import Unit


async def _report(unit: Unit, occurrence: str, people: list[Any], **chosen: Any) -> Any:
    answer = await unit.officer.put(
        f"/api/occurrences/{occurrence}/report", json={"people": people} | chosen
    )
    assert answer.is_success, answer.text
    return answer.json()


def _people(ids: list[str], **chosen: Any) -> list[dict[str, Any]]:
    return [{"member": one} | chosen for one in ids]


async def test_60_people_are_recorded_in_one_request_within_a_second(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(hours=-2)
    ids = await unit.members(60)

    started = time.perf_counter()
    saved = await _report(unit, occurrence, _people(ids, minutes=90), body="All home.")
    seconds = time.perf_counter() - started

    assert (saved["awarded"], saved["revoked"], saved["revision"]) == (60, 0, 1)
    assert seconds < 1
    profile = await unit.profile(ids[7])
    [entry] = profile["missions_completed"]
    assert (entry["occurrence_id"], entry["minutes"], entry["points"]) == (occurrence, 90, 50)
    assert (await unit.audit())[-1] == "report.saved"
    assert (await unit.officer.get(f"/api/occurrences/{occurrence}")).json()[
        "status"
    ] == "completed"


async def test_striking_one_name_revokes_exactly_one_award(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(hours=-2)
    ids = await unit.members(5)
    first = await _report(unit, occurrence, _people(ids))

    second = await _report(unit, occurrence, _people(ids[1:]))

    assert (second["awarded"], second["revoked"], second["revision"]) == (0, 1, 2)
    assert (await unit.profile(ids[0]))["missions_completed"] == []
    kept = {one["member"]: one["completion_id"] for one in first["people"]}
    assert {one["member"]: one["completion_id"] for one in second["people"]} == {
        member: completion for member, completion in kept.items() if member != ids[0]
    }
    assert (await compare_all(unit.farout.community))[1] == []


async def test_an_edited_line_replaces_its_award_and_the_rest_stays(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(hours=-2)
    ids = await unit.members(3)
    await _report(unit, occurrence, _people(ids))

    people = [
        {"member": ids[0], "role": "medic", "points": 80},
        {"member": ids[1], "status": "excused", "note": "Was ill."},
        {"member": ids[2]},
    ]
    saved = await _report(unit, occurrence, people)

    assert (saved["awarded"], saved["revoked"]) == (1, 2)
    [entry] = (await unit.profile(ids[0]))["missions_completed"]
    assert (entry["role"], entry["points"]) == ("medic", 80)
    assert (await unit.profile(ids[1]))["stats"] == {}
    again = await _report(unit, occurrence, people)
    assert (again["awarded"], again["revoked"]) == (0, 0)


async def test_what_was_taken_back_by_hand_does_not_return_with_the_next_edit(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(hours=-2)
    ids = await unit.members(2)
    saved = await _report(unit, occurrence, _people(ids))
    given = {one["member"]: one["completion_id"] for one in saved["people"]}
    await unit.post(f"/api/completions/{given[ids[0]]}/revoke", {"reason": "Left early."})

    saved = await _report(unit, occurrence, _people(ids), body="Typo corrected.")

    assert (saved["awarded"], saved["revoked"]) == (0, 0)
    assert (await unit.profile(ids[0]))["missions_completed"] == []


async def test_authors_are_not_awarded_until_somebody_else_saves_the_report(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(hours=-2)
    people = _people([NOVA_ID, COSMO_ID])

    first = await _report(unit, occurrence, people)
    other = await unit.farout.signed_in(LYRA_ID, role="officer")
    second = await other.put(f"/api/occurrences/{occurrence}/report", json={"people": people})

    assert first["awarded"] == 1
    assert second.json()["awarded"] == 1
    assert len((await unit.profile(NOVA_ID))["missions_completed"]) == 1


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([{"member": "404"}], "members_not_found"),
        ([{"member": COSMO_ID, "result": "pass"}], "line_does_not_fit"),
        ([{"member": COSMO_ID}, {"member": COSMO_ID}], "invalid_request"),
        ([{"member": COSMO_ID, "status": "late"}], "invalid_request"),
    ],
)
async def test_a_bad_report_changes_nothing(unit: Unit, lines: list[Any], code: str) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(hours=-2)

    answer = await unit.officer.put(f"/api/occurrences/{occurrence}/report", json={"people": lines})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    found = await unit.officer.get(f"/api/occurrences/{occurrence}/report")
    assert found.json()["code"] == "report_not_found"


async def test_nobody_reports_on_what_has_not_begun_and_members_never(unit: Unit) -> None:
    await unit.mission()
    tomorrow = await unit.occurrence()
    yesterday = await unit.occurrence(hours=-24)

    early = await unit.officer.put(f"/api/occurrences/{tomorrow}/report", json={"people": []})
    by_member = await unit.member.put(f"/api/occurrences/{yesterday}/report", json={"people": []})

    assert (early.status_code, early.json()["code"]) == (409, "not_yet_begun")
    assert (by_member.status_code, by_member.json()["code"]) == (403, "permission_required")
