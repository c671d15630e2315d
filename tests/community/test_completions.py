"""The record: what officers write, who may, and what the profiles say of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from backend.community.projection.commands import compare_all
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.databases import Connection, Server
from tests.fixtures.record import Unit


async def test_an_award_stands_in_the_profile_as_it_was_given(unit: Unit) -> None:
    mission = await unit.mission(minutes=145)

    given = await unit.post(
        "/api/completions",
        {
            "member": COSMO_ID, "mission": "iron-dawn", "role": "squad_lead",
            "completed_at": "2026-05-01T21:30:00+02:00", "note": "Held the bridge.",
            "evidence": ["https://example.com/log"],
        },
    )  # fmt: skip

    profile = await unit.profile()
    officer = (await unit.officer.get("/auth/session")).json()["user"]["uid"]
    [entry] = profile["missions_completed"]
    assert entry == {
        "v": 1, "id": given["id"], "mission_id": mission["id"], "slug": "iron-dawn",
        "title": "Iron Dawn", "occurrence_id": None, "completed_at": "2026-05-01T19:30:00Z",
        "role": "squad_lead", "outcome": "success", "minutes": 145, "points": 50,
        "awarded_by": officer, "awarded_at": entry["awarded_at"], "via": "web",
        "note": "Held the bridge.", "evidence": ["https://example.com/log"],
    }  # fmt: skip
    assert profile["stats"] == {
        "v": 1,
        "counters": {
            "missions_completed": 1, "trainings_completed": 0, "points": 50, "minutes_in_ops": 145,
        },
        "last": {"mission_at": "2026-05-01T19:30:00Z", "active_at": "2026-05-01T19:30:00Z"},
    }  # fmt: skip
    assert await unit.audit() == ["mission.created", "completion.awarded"]


async def test_a_training_expires_after_the_days_of_the_catalogue(unit: Unit) -> None:
    await unit.training(level=2, valid_days=365)

    await unit.post(
        "/api/completions",
        {"member": COSMO_ID, "training": "medic-1", "completed_at": "2026-04-01T19:30:00Z",
         "score": 92.5},
    )  # fmt: skip

    [entry] = (await unit.profile())["trainings_completed"]
    assert (entry["level"], entry["result"], entry["score"]) == (2, "pass", 92.5)
    assert entry["expires_at"] == "2027-04-01"
    assert entry["instructor_id"] == entry["awarded_by"]


async def test_whoever_has_it_already_does_not_get_it_twice(unit: Unit) -> None:
    await unit.mission()
    await unit.training()
    for what in ({"mission": "iron-dawn"}, {"training": "medic-1"}):
        body = {"member": COSMO_ID} | what
        await unit.post("/api/completions", body)

        answer = await unit.officer.post("/api/completions", json=body)

        assert (answer.status_code, answer.json()["code"]) == (409, "already_completed")
    counters = (await unit.profile())["stats"]["counters"]
    assert counters["points"] == 70


async def test_an_expired_training_can_be_passed_again_and_a_valid_one_renewed(unit: Unit) -> None:
    await unit.training(valid_days=30)
    today = datetime.now(UTC)
    long_ago = (today - timedelta(days=100)).isoformat()
    body: dict[str, Any] = {"member": COSMO_ID, "training": "medic-1"}

    await unit.post("/api/completions", body | {"completed_at": long_ago})
    yesterday = (today - timedelta(days=1)).isoformat()
    await unit.post("/api/completions", body | {"completed_at": yesterday})
    refused = await unit.officer.post("/api/completions", json=body)
    await unit.post("/api/completions", body | {"renew": True})

    assert refused.status_code == 409
    assert len((await unit.profile())["trainings_completed"]) == 3
    valid = await unit.officer.get("/api/completions?training=medic-1&valid=true")
    assert len(valid.json()["items"]) == 2


async def test_revoking_takes_it_out_of_the_profile_and_keeps_it_in_the_history(
    unit: Unit,
) -> None:
    await unit.mission()
    given = await unit.post("/api/completions", {"member": COSMO_ID, "mission": "iron-dawn"})
    path = f"/api/completions/{given['id']}/revoke"

    await unit.post(path, {"reason": "Was not there."})

    profile = await unit.profile()
    assert (profile["missions_completed"], profile["stats"]) == ([], {})
    again = await unit.officer.post(path, json={"reason": "Was not there."})
    assert (again.status_code, again.json()["code"]) == (409, "already_revoked")
    history = f"/api/completions?member={COSMO_ID}"
    assert (await unit.officer.get(history)).json()["items"] == []
    [kept] = (await unit.member.get(f"{history}&revoked=true")).json()["items"]
    assert kept["revocation"]["reason"] == "Was not there."
    assert await unit.audit() == ["mission.created", "completion.awarded", "completion.revoked"]

    await unit.post("/api/completions", {"member": COSMO_ID, "mission": "iron-dawn"})

    assert len((await unit.profile())["missions_completed"]) == 1


async def test_a_bulk_award_passes_over_holders_strangers_and_oneself(unit: Unit) -> None:
    await unit.mission()
    ids = await unit.members(60)
    await unit.post("/api/completions", {"member": ids[0], "mission": "iron-dawn"})

    answer = await unit.post(
        "/api/completions/bulk", {"members": [*ids, "999", NOVA_ID], "mission": "iron-dawn"}
    )

    assert answer["awarded"] == 59
    states = {one["member"]: one["status"] for one in answer["items"]}
    assert states[ids[0]] == "already_completed"
    assert states["999"] == "member_not_found"
    assert states[NOVA_ID] == "own_record"
    assert await unit.audit() == ["mission.created", "completion.awarded", "completions.awarded"]


async def test_renaming_and_archiving_a_mission_leaves_what_was_awarded(unit: Unit) -> None:
    await unit.mission()
    await unit.post("/api/completions", {"member": COSMO_ID, "mission": "iron-dawn"})
    before = await unit.profile()

    change = {"title": "Iron Dusk", "points": 1, "archived": True}
    assert (await unit.officer.patch("/api/missions/iron-dawn", json=change)).is_success

    assert await unit.profile() == before
    ids = await unit.members(1)
    refused = await unit.officer.post(
        "/api/completions", json={"member": ids[0], "mission": "iron-dawn"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "mission_archived")
    assert (await unit.officer.get("/api/missions")).json()["items"] == []


async def test_nobody_but_officers_writes_and_nobody_writes_of_themselves(unit: Unit) -> None:
    await unit.mission()
    body = {"member": COSMO_ID, "mission": "iron-dawn"}
    given = await unit.post("/api/completions", body)
    requests = [
        ("/api/completions", body),
        ("/api/completions/bulk", {"members": [COSMO_ID], "mission": "iron-dawn"}),
        (f"/api/completions/{given['id']}/revoke", {"reason": "x"}),
        ("/api/missions", {"slug": "x", "title": "x"}),
        ("/api/trainings", {"slug": "x", "title": "x"}),
    ]
    for path, sent in requests:
        answer = await unit.member.post(path, json=sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_required")
        assert (await unit.farout.browser().post(path, json=sent)).status_code in (401, 403)

    own = await unit.officer.post("/api/completions", json=body | {"member": NOVA_ID})

    assert (own.status_code, own.json()["code"]) == (403, "own_record")
    assert await unit.audit() == ["mission.created", "completion.awarded"]


async def test_only_a_listed_instructor_passes_people(unit: Unit) -> None:
    await unit.training()
    await unit.database.execute("DELETE FROM training_instructors")
    body = {"member": COSMO_ID, "training": "medic-1"}

    refused = await unit.officer.post("/api/completions", json=body)

    assert (refused.status_code, refused.json()["code"]) == (403, "not_an_instructor")
    await unit.post("/api/completions", body | {"result": "waived"})


@pytest.mark.parametrize(
    "change",
    [
        {"mission": None},
        {"training": "medic-1"},
        {"mission": "IRON"},
        {"mission": "iron-dawn\n"},
        {"member": "x"},
        {"completed_at": "2999-01-01T00:00:00Z"},
        {"completed_at": "2026-05-01T19:30:00"},
        {"completed_at": "0001-01-01T00:00:00+14:00"},
        {"points": -1},
        {"points": 100_001},
        {"points": True},
        {"minutes": 2881},
        {"outcome": "victory"},
        {"note": "nul\0"},
        {"note": "x" * 501},
        {"evidence": ["javascript:alert(1)"]},
        {"evidence": ["https://x"] * 6},
        {"score": 5},
        {"awarded_by": "x"},
        {"role": "two\nlines"},
    ],
)
async def test_a_bad_award_is_refused_and_writes_nothing(
    unit: Unit, change: dict[str, object]
) -> None:
    await unit.mission()
    body = {"member": COSMO_ID, "mission": "iron-dawn"}

    answer = await unit.officer.post("/api/completions", json=body | change)

    assert answer.status_code == 422, answer.text
    assert await unit.database.fetchval("SELECT count(*) FROM completions") == 0


async def test_expiry_before_the_day_itself_is_refused(unit: Unit) -> None:
    await unit.training()
    body = {"member": COSMO_ID, "training": "medic-1", "expires_on": "2020-01-01"}

    answer = await unit.officer.post("/api/completions", json=body)

    assert answer.status_code == 422, answer.text


async def test_the_same_key_is_done_once_and_answered_again(unit: Unit) -> None:
    await unit.mission()
    body = {"member": COSMO_ID, "mission": "iron-dawn"}

    first = await unit.post("/api/completions", body, key="a")
    second = await unit.officer.post(
        "/api/completions", json=body, headers={"Idempotency-Key": "a"}
    )
    other = await unit.officer.post(
        "/api/completions", json=body | {"points": 1}, headers={"Idempotency-Key": "a"}
    )

    assert (second.status_code, second.json()) == (201, first)
    assert second.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await unit.audit() == ["mission.created", "completion.awarded"]


async def test_a_refused_request_does_not_use_its_key_up(unit: Unit) -> None:
    body = {"member": COSMO_ID, "mission": "iron-dawn"}
    headers = {"Idempotency-Key": "a"}
    refused = await unit.officer.post("/api/completions", json=body, headers=headers)
    await unit.mission()

    assert refused.status_code == 404
    await unit.post("/api/completions", body, key="a")
    bad = await unit.officer.post(
        "/api/completions", json=body, headers={"Idempotency-Key": "x" * 201}
    )
    assert (bad.status_code, bad.json()["code"]) == (400, "idempotency_key_invalid")


async def test_lists_the_record_page_by_page(unit: Unit) -> None:
    await unit.mission()
    ids = await unit.members(25)
    await unit.post("/api/completions/bulk", {"members": ids, "mission": "iron-dawn"})

    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"mission": "iron-dawn", "limit": "10"} | ({"cursor": cursor} if cursor else {})
        page = (await unit.member.get("/api/completions", params=query)).json()
        found += [one["member"] for one in page["items"]]
        cursor = page["next_cursor"]

    assert sorted(found) == ids


REFUSED = [
    "UPDATE completions SET points = 100000",
    "UPDATE completions SET revoked_at = NULL",
    "DELETE FROM completions",
    "UPDATE completion_revocations SET reason = 'x'",
    "DELETE FROM completion_revocations",
    "UPDATE members SET missions_completed = '[]'",
    "UPDATE members SET stats = '{}'",
    "INSERT INTO members (discord_id, display_name, stats) VALUES ('1', 'x', '{}')",
    "INSERT INTO completions (member_id, kind, slug, title, via, completed_at, revoked_at)"
    " VALUES (1, 'mission', 'x', 'x', 'rule', now(), now())",
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_service_cannot_rewrite_the_record(migrated: Server, statement: str) -> None:
    connection = await asyncpg.connect(migrated.url("farout_app", "farout"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_hand_in_psql_moves_the_profile_too(unit: Unit) -> None:
    await unit.mission()
    await unit.post("/api/completions", {"member": COSMO_ID, "mission": "iron-dawn"})

    await unit.database.execute("DELETE FROM completions")

    assert (await unit.profile())["missions_completed"] == []


@pytest.mark.parametrize(
    "change",
    [
        "missions_completed = '[1]'",
        'missions_completed = \'[{"name": "x"}]\'',
        "trainings_completed = '[{\"v\": 2}]'",
        "stats = '{\"points\": 1}'",
        "stats = '[]'",
    ],
)
async def test_the_columns_take_nothing_of_another_shape(
    farout: object, community_owner: Connection, change: str
) -> None:
    await community_owner.execute(
        "INSERT INTO members (discord_id, display_name) VALUES ('1', 'x')"
    )

    with pytest.raises(asyncpg.CheckViolationError):
        await community_owner.execute(f"UPDATE members SET {change}")


async def test_check_projection_finds_a_forged_profile_and_repairs_it(unit: Unit) -> None:
    await unit.mission()
    await unit.post("/api/completions", {"member": COSMO_ID, "mission": "iron-dawn"})
    before = await unit.profile()
    await unit.database.execute("UPDATE members SET missions_completed = '[]', stats = '{}'")

    _, wrong = await compare_all(unit.farout.community)
    assert len(wrong) == 1
    await compare_all(unit.farout.community, repair=True)

    assert (await compare_all(unit.farout.community))[1] == []
    assert (await unit.profile())["stats"] == before["stats"]
