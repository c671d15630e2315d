"""Seats and queues: nobody too many, nobody twice, and the next one moves up."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from backend.community.audit.origin import Origin
from backend.community.signups.actions import sign_up, withdraw
from backend.community.signups.errors import MemberGone
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.record import Unit, access


async def _sign_up(unit: Unit, occurrence: str, member: str) -> Any:
    async with unit.farout.community.database.transaction() as db:
        return await sign_up(
            db, UUID(occurrence), member, None, by=access("member"), origin=Origin()
        )


async def _withdraw(unit: Unit, occurrence: str, member: str) -> None:
    async with unit.farout.community.database.transaction() as db:
        await withdraw(db, UUID(occurrence), member, by=access("member"), origin=Origin())


async def _all(unit: Unit, occurrence: str) -> list[Any]:
    path = f"/api/occurrences/{occurrence}/signups?limit=200"
    found: list[Any] = (await unit.officer.get(path)).json()["items"]
    return found


async def _in_crowds(jobs: list[Any]) -> list[Any]:
    """Wait for all; more at once than there are connections would wait for those, not for seats."""
    gate = asyncio.Semaphore(10)

    async def one(job: Any) -> Any:
        async with gate:
            return await job

    return await asyncio.gather(*(one(job) for job in jobs))


async def test_100_at_once_for_10_seats(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(slots=10)
    ids = await unit.members(100)

    # Everybody clicks twice.
    answers = await _in_crowds([_sign_up(unit, occurrence, one) for one in [*ids, *ids]])

    assert len(answers) == 200
    listed = await _all(unit, occurrence)
    assert sorted(one["member"] for one in listed) == ids
    assert [one["status"] for one in listed] == ["seated"] * 10 + ["waitlisted"] * 90
    assert sorted(one["seat"] for one in listed[:10]) == list(range(1, 11))
    assert [one["place"] for one in listed[10:]] == list(range(1, 91))
    # In order: as each came to the occurrence, which only one at a time can hold.
    came = await unit.database.fetch(
        "SELECT details ->> 'member' AS who FROM audit_log WHERE action = 'signup.made' ORDER BY id"
    )
    assert [row["who"] for row in came] == [one["member"] for one in listed]


async def test_whoever_withdraws_makes_room_for_the_next(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(slots=3)
    ids = await unit.members(12)
    for one in ids:
        await _sign_up(unit, occurrence, one)

    await _in_crowds([_withdraw(unit, occurrence, one) for one in [*ids[:3], *ids[5:7]]])

    listed = await _all(unit, occurrence)
    assert [one["member"] for one in listed] == [*ids[3:5], *ids[7:]]
    assert [one["status"] for one in listed] == ["seated"] * 3 + ["waitlisted"] * 4

    await _sign_up(unit, occurrence, ids[0])
    assert (await _all(unit, occurrence))[-1]["member"] == ids[0]


async def test_more_and_fewer_seats_keep_the_order(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(slots=5)
    ids = await unit.members(8)
    for one in ids:
        await _sign_up(unit, occurrence, one)

    for seats in (2, 6, 4):
        change = {"slots": [{"name": "pilot", "capacity": seats}]}
        answer = await unit.officer.patch(f"/api/occurrences/{occurrence}", json=change)

        listed = await _all(unit, occurrence)
        assert [one["member"] for one in listed] == ids
        assert [one["status"] for one in listed] == ["seated"] * seats + ["waitlisted"] * (
            8 - seats
        )
        [slot] = answer.json()["slots"]
        assert (slot["seated"], slot["waitlisted"]) == (seats, 8 - seats)


async def test_a_leaver_holds_no_seat(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(slots=1)
    ids = await unit.members(2)
    for number, one in enumerate(ids):
        await unit.database.execute(
            "INSERT INTO userbase (user_id, uid, discord_id, username, role, is_active, version)"
            " VALUES ($1, uuidv7(), $2, $2, 'member', true, 1)",
            number, one,
        )  # fmt: skip
        await _sign_up(unit, occurrence, one)

    await unit.database.execute(
        "UPDATE userbase SET is_active = false WHERE discord_id = $1", ids[0]
    )

    [left] = await _all(unit, occurrence)
    assert (left["member"], left["status"]) == (ids[1], "seated")
    with pytest.raises(Exception, match="deactivated"):
        await _sign_up(unit, occurrence, ids[0])


async def test_whoever_is_recorded_as_gone_gives_up_the_seat_and_takes_none(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(slots=1)
    ids = await unit.members(2)
    for one in ids:
        await _sign_up(unit, occurrence, one)
    await unit.database.execute(
        "UPDATE members SET rank = 'captain' WHERE discord_id = $1", NOVA_ID
    )

    left = await unit.officer.put(f"/api/members/{ids[0]}/departure", json={"reason": "x"})

    assert left.status_code == 200, left.text
    [seated] = await _all(unit, occurrence)
    assert (seated["member"], seated["status"]) == (ids[1], "seated")
    with pytest.raises(MemberGone):
        await _sign_up(unit, occurrence, ids[0])


async def test_where_sign_ups_need_approval_only_an_officer_seats(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(slots=1, needs_approval=True)
    path = f"/api/occurrences/{occurrence}"
    ids = await unit.members(2)

    waiting = (await unit.member.put(f"{path}/signup", json={})).json()
    for one in ids:
        await _sign_up(unit, occurrence, one)

    assert (waiting["status"], waiting["seat"], waiting["place"]) == ("pending", None, None)
    [slot] = (await unit.member.get(path)).json()["slots"]
    assert (slot["seated"], slot["waitlisted"], slot["pending"]) == (0, 0, 3)
    own = await unit.member.put(f"{path}/signups/{COSMO_ID}/approval")
    assert (own.status_code, own.json()["code"]) == (403, "permission_required")

    later = (await unit.officer.put(f"{path}/signups/{ids[1]}/approval")).json()
    first = (await unit.officer.put(f"{path}/signups/{COSMO_ID}/approval")).json()
    again = await unit.officer.put(f"{path}/signups/{COSMO_ID}/approval")

    assert (later["status"], first["status"], first["place"]) == ("seated", "waitlisted", 1)
    assert again.json() == first
    assert (await unit.audit()).count("signup.approved") == 2
    assert (await unit.officer.delete(f"{path}/signups/{ids[1]}")).status_code == 204
    assert [one["status"] for one in await _all(unit, occurrence)] == ["seated", "pending"]
    gone = await unit.officer.put(f"{path}/signups/{ids[1]}/approval")
    assert gone.json()["code"] == "signup_not_found"


async def test_an_officer_does_not_approve_his_own_sign_up(unit: Unit) -> None:
    await unit.mission()
    path = f"/api/occurrences/{await unit.occurrence(needs_approval=True)}"
    await unit.officer.put(f"{path}/signup", json={})

    answer = await unit.officer.put(f"{path}/signups/{NOVA_ID}/approval")

    assert (answer.status_code, answer.json()["code"]) == (403, "own_signup")


async def test_once_no_approval_is_needed_everybody_who_waited_for_it_is_in_line(
    unit: Unit,
) -> None:
    await unit.mission()
    occurrence = await unit.occurrence(slots=2, needs_approval=True)
    ids = await unit.members(3)
    for one in ids:
        await _sign_up(unit, occurrence, one)

    await unit.officer.patch(f"/api/occurrences/{occurrence}", json={"needs_approval": False})

    listed = await _all(unit, occurrence)
    assert [one["member"] for one in listed] == ids
    assert [one["status"] for one in listed] == ["seated", "seated", "waitlisted"]


async def test_a_member_signs_up_changes_the_slot_and_withdraws(unit: Unit) -> None:
    await unit.mission()
    slots = [{"name": "pilot", "capacity": 1}, {"name": "medic", "capacity": 1}]
    occurrence = await unit.occurrence(slots=slots[0]["capacity"])  # type: ignore[arg-type]
    await unit.officer.patch(f"/api/occurrences/{occurrence}", json={"slots": slots})
    path = f"/api/occurrences/{occurrence}/signup"

    unclear = await unit.member.put(path, json={})
    await unit.member.put(path, json={"slot": "pilot"})
    moved = await unit.member.put(path, json={"slot": "medic"})

    assert (unclear.status_code, unclear.json()["code"]) == (422, "slot_not_found")
    assert (moved.json()["slot"], moved.json()["status"]) == ("medic", "seated")
    [listed] = (await unit.member.get("/api/occurrences?mine=true")).json()["items"]
    assert listed["id"] == occurrence
    assert [one["seated"] for one in listed["slots"]] == [0, 1]
    assert (await unit.member.delete(path)).status_code == 204
    assert (await unit.member.delete(path)).json()["code"] == "signup_not_found"


async def test_nobody_signs_up_for_what_is_locked_or_has_begun(unit: Unit) -> None:
    await unit.mission()
    begun = await unit.occurrence(hours=-1)
    locked = await unit.occurrence()
    await unit.officer.patch(f"/api/occurrences/{locked}", json={"status": "locked"})

    for occurrence in (begun, locked):
        answer = await unit.member.put(f"/api/occurrences/{occurrence}/signup", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "signup_closed")


async def test_an_officer_takes_somebody_off_and_a_member_nobody(unit: Unit) -> None:
    await unit.mission()
    occurrence = await unit.occurrence()
    await unit.member.put(f"/api/occurrences/{occurrence}/signup", json={})
    path = f"/api/occurrences/{occurrence}/signups/{COSMO_ID}"

    assert (await unit.member.delete(path)).status_code == 403
    assert (await unit.officer.delete(path)).status_code == 204
    assert await _all(unit, occurrence) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"starts_at": "2026-01-01", "slots": []},
        {"starts_at": "2027-01-01T00:00:00Z", "slots": []},
        {"starts_at": "2027-01-01T00:00:00Z", "slots": [{"name": "x", "capacity": 1001}]},
        {"starts_at": "2027-01-01T00:00:00Z", "slots": [{"name": "x", "capacity": 1}] * 2},
        {
            "starts_at": "2027-01-01T00:00:00Z", "ends_at": "2026-12-31T00:00:00Z",
            "slots": [{"name": "x", "capacity": 1}],
        },
    ],
)  # fmt: skip
async def test_a_bad_date_is_refused(unit: Unit, body: dict[str, Any]) -> None:
    await unit.mission()

    answer = await unit.officer.post("/api/missions/iron-dawn/occurrences", json=body)

    assert answer.status_code == 422
    assert await unit.database.fetchval("SELECT count(*) FROM occurrences") == 0
