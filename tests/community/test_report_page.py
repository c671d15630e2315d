"""The report on a page: everybody who signed up has a row, others are added, who is struck off loses it."""

import re

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.record import Unit


async def past_date(unit: Unit, **chosen: str) -> str:
    date = await unit.occurrence(**chosen)  # type: ignore[arg-type]
    assert (await unit.member.post(f"/calendar/{date}/signup", data={})).status_code == 303
    await unit.officer.patch(f"/api/occurrences/{date}", json={"starts_at": "2026-01-01T19:00:00Z"})
    return date


def rows_of(page: str) -> list[str]:
    return re.findall(r'name="member" value="(\d+)"', page)


async def missions_of(unit: Unit, member: str = COSMO_ID) -> int:
    return len((await unit.profile(member))["missions_completed"])


async def test_who_signed_up_has_a_row_and_others_are_added_before_saving(unit: Unit) -> None:
    await unit.mission()
    [extra, *_] = await unit.members(1)
    date = await past_date(unit)
    form = await unit.officer.get(f"/calendar/{date}/report/edit")
    assert rows_of(form.text) == [COSMO_ID]

    sent = {"member": COSMO_ID, f"status-{COSMO_ID}": "attended", "body": "All <quiet>."}
    added = await unit.officer.post(
        f"/calendar/{date}/report", data=sent | {"others": "Member 7000\n", "do": "add"}
    )

    assert rows_of(added.text) == [COSMO_ID, extra]
    assert "All &lt;quiet&gt;.</textarea>" in added.text
    assert await missions_of(unit) == 0
    assert "report.saved" not in await unit.audit()


async def test_saving_awards_and_striking_off_takes_back(unit: Unit) -> None:
    await unit.mission()
    date = await past_date(unit)
    path = f"/calendar/{date}/report"
    sent = {
        "do": "save", "body": "Quiet.", "member": COSMO_ID, f"status-{COSMO_ID}": "attended",
        f"role-{COSMO_ID}": "pilot", f"points-{COSMO_ID}": "7",
    }  # fmt: skip

    saved = await unit.officer.post(path, data=sent)

    assert saved.headers["location"] == f"/calendar/{date}?done=reported"
    [entry] = (await unit.profile())["missions_completed"]
    assert (entry["role"], entry["points"]) == ("pilot", 7)
    shown = (await unit.member.get(path)).text
    assert "Quiet." in shown
    assert "pilot" in shown
    assert 'value="pilot"' in (await unit.officer.get(f"{path}/edit")).text
    await unit.officer.post(path, data=sent | {f"status-{COSMO_ID}": ""})
    assert await missions_of(unit) == 0


async def test_a_row_that_is_wrong_saves_nobody(unit: Unit) -> None:
    await unit.mission()
    date = await past_date(unit)
    sent = {"member": COSMO_ID, f"status-{COSMO_ID}": "attended", f"minutes-{COSMO_ID}": "9999"}

    answer = await unit.officer.post(f"/calendar/{date}/report", data=sent)

    assert answer.status_code == 422
    assert "The minutes must be 2880 or less." in answer.text
    assert 'value="9999"' in answer.text
    assert await missions_of(unit) == 0


async def test_results_of_a_class_are_its_instructors_to_write(unit: Unit) -> None:
    await unit.training()
    date = await past_date(unit, training="medic-1")
    path = f"/calendar/{date}/report"
    sent = {"member": COSMO_ID, f"status-{COSMO_ID}": "attended", f"result-{COSMO_ID}": "pass"}

    assert "Write the report" not in (await unit.member.get(f"/calendar/{date}")).text
    assert (await unit.member.get(f"{path}/edit")).status_code == 403
    assert (await unit.member.post(path, data=sent)).status_code == 403
    assert "Write the report" in (await unit.officer.get(f"/calendar/{date}")).text
    await unit.officer.post(path, data=sent | {f"score-{COSMO_ID}": "87.5"})

    [entry] = (await unit.profile())["trainings_completed"]
    assert (entry["result"], entry["score"]) == ("pass", 87.5)
    assert (await unit.profile(NOVA_ID))["trainings_completed"] == []
