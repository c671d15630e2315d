"""Trainings: what they require, who teaches them, who passed, and until when it counts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.devtools.discord.seeds import COSMO_ID, LYRA_ID, NOVA_ID
from tests.fixtures.record import Unit


async def _enrol(unit: Unit, occurrence: str) -> Any:
    return await unit.member.put(f"/api/occurrences/{occurrence}/signup", json={})


async def test_enrolment_without_what_is_required_says_what_is_missing(unit: Unit) -> None:
    await unit.training("basic")
    await unit.training("radio")
    await unit.training("medic-1", minimum_rank="captain")
    put = await unit.officer.put(
        "/api/trainings/medic-1/prerequisites", json={"trainings": ["basic", "radio"]}
    )
    assert put.json()["prerequisites"] == ["basic", "radio"]
    await unit.post("/api/completions", {"member": COSMO_ID, "training": "basic"})
    occurrence = await unit.occurrence(training="medic-1")

    refused = await _enrol(unit, occurrence)

    assert (refused.status_code, refused.json()["code"]) == (409, "requirements_missing")
    assert "radio" in refused.json()["detail"]
    assert "captain" in refused.json()["detail"]
    assert "basic" not in refused.json()["detail"]
    mine = (await unit.member.get("/api/trainings/medic-1/eligibility")).json()
    assert mine == {"eligible": False, "missing_trainings": ["radio"], "missing_rank": "captain"}

    await unit.post("/api/completions", {"member": COSMO_ID, "training": "radio"})
    await unit.database.execute(
        "UPDATE members SET rank = 'captain' WHERE discord_id = $1", COSMO_ID
    )
    assert (await _enrol(unit, occurrence)).json()["status"] == "seated"


async def test_an_expired_prerequisite_counts_no_more_from_that_day(unit: Unit) -> None:
    await unit.training("basic", valid_days=30)
    await unit.training("medic-1")
    await unit.officer.put("/api/trainings/medic-1/prerequisites", json={"trainings": ["basic"]})
    now = datetime.now(UTC)
    occurrence = await unit.occurrence(training="medic-1")
    for days, status in ((31, 409), (30, 200)):
        completed = (now - timedelta(days=days)).isoformat()
        await unit.post(
            "/api/completions",
            {
                "member": COSMO_ID,
                "training": "basic",
                "completed_at": completed,
                "renew": True,
            },
        )

        assert (await _enrol(unit, occurrence)).status_code == status


async def test_a_class_passes_people_and_an_edited_result_takes_it_back(unit: Unit) -> None:
    await unit.training(valid_days=90)
    ids = await unit.members(3)
    occurrence = await unit.occurrence(training="medic-1", hours=-3)
    path = f"/api/occurrences/{occurrence}/report"
    people: list[dict[str, Any]] = [
        {"member": ids[0], "result": "pass", "score": 91},
        {"member": ids[1], "result": "fail", "score": 20},
        {"member": ids[2], "status": "no_show"},
    ]

    first = (await unit.officer.put(path, json={"people": people})).json()
    [entry] = (await unit.profile(ids[0]))["trainings_completed"]
    people[0]["result"] = "fail"
    people[1]["result"] = "pass"
    second = (await unit.officer.put(path, json={"people": people})).json()

    assert (first["awarded"], second["awarded"], second["revoked"]) == (1, 1, 1)
    assert (entry["score"], entry["occurrence_id"]) == (91, occurrence)
    day = date.fromisoformat(entry["completed_at"][:10])
    assert entry["expires_at"] == (day + timedelta(days=90)).isoformat()
    assert (await unit.profile(ids[0]))["trainings_completed"] == []
    assert len((await unit.profile(ids[1]))["trainings_completed"]) == 1


async def test_only_listed_instructors_report_on_a_class(unit: Unit) -> None:
    await unit.training()
    occurrence = await unit.occurrence(training="medic-1", hours=-3)
    path = f"/api/occurrences/{occurrence}/report"
    other = await unit.farout.signed_in(LYRA_ID, role="officer")

    for browser in (other, unit.member):
        refused = await browser.put(path, json={"people": []})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_an_instructor")

    await unit.officer.put(f"/api/trainings/medic-1/instructors/{COSMO_ID}")
    assert (await unit.member.put(path, json={"people": []})).is_success


async def test_what_an_instructor_passed_stays_when_they_are_taken_off_the_list(
    unit: Unit,
) -> None:
    await unit.training()
    await unit.post("/api/completions", {"member": COSMO_ID, "training": "medic-1"})
    before = await unit.profile()

    gone = await unit.officer.delete(f"/api/trainings/medic-1/instructors/{NOVA_ID}")

    assert gone.json()["instructors"] == []
    assert await unit.profile() == before
    again = await unit.officer.delete(f"/api/trainings/medic-1/instructors/{NOVA_ID}")
    assert again.json()["code"] == "instructor_not_found"


async def test_officers_do_not_list_themselves(unit: Unit) -> None:
    await unit.training()

    own = await unit.officer.put(f"/api/trainings/medic-1/instructors/{NOVA_ID}")
    by_member = await unit.member.put(f"/api/trainings/medic-1/instructors/{COSMO_ID}")

    assert (own.status_code, own.json()["code"]) == (403, "cannot_list_yourself")
    assert (by_member.status_code, by_member.json()["code"]) == (403, "permission_required")


async def test_a_class_is_led_by_an_instructor(unit: Unit) -> None:
    await unit.training()
    body = {
        "starts_at": "2027-01-01T00:00:00Z", "slots": [{"name": "seat", "capacity": 8}],
        "leader": COSMO_ID,
    }  # fmt: skip

    refused = await unit.officer.post("/api/trainings/medic-1/classes", json=body)
    await unit.officer.put(f"/api/trainings/medic-1/instructors/{COSMO_ID}")
    made = await unit.officer.post("/api/trainings/medic-1/classes", json=body)

    assert (refused.status_code, refused.json()["code"]) == (409, "leader_must_instruct")
    assert (made.json()["leader"], made.json()["training"]) == (COSMO_ID, "medic-1")


@pytest.mark.parametrize("required", [["a"], ["c"]])
async def test_requirements_never_form_a_circle(unit: Unit, required: list[str]) -> None:
    for slug in ("a", "b", "c"):
        await unit.training(slug)
    await unit.officer.put("/api/trainings/b/prerequisites", json={"trainings": ["a"]})
    await unit.officer.put("/api/trainings/c/prerequisites", json={"trainings": ["b"]})

    refused = await unit.officer.put("/api/trainings/a/prerequisites", json={"trainings": required})

    assert (refused.status_code, refused.json()["code"]) == (409, "prerequisite_cycle")


async def test_lists_whose_training_has_to_be_renewed(unit: Unit) -> None:
    await unit.training(valid_days=30)
    ids = await unit.members(4)
    now = datetime.now(UTC)
    for one, days in zip(ids, (28, 10, 40, 29), strict=True):
        completed = (now - timedelta(days=days)).isoformat()
        await unit.post(
            "/api/completions", {"member": one, "training": "medic-1", "completed_at": completed}
        )
    await unit.post("/api/completions", {"member": ids[3], "training": "medic-1", "renew": True})

    listed = await unit.officer.get("/api/trainings/expiring?days=7")

    assert [one["member"] for one in listed.json()["items"]] == [ids[0]]
    assert (await unit.member.get("/api/trainings/expiring")).status_code == 403
