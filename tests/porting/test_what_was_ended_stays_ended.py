"""Of what a file says and what was done here since, importing the file again undoes nothing."""

import pytest

from backend.community.porting.handlers.outcomes import Action
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.porting.conftest import Moving, errors

MEMBERS = f"discord_id,display_name\n{COSMO_ID},Cosmo\n"


@pytest.fixture
async def officer(people: People, moving: Moving) -> Browser:
    """Return an admin, beside whom there is one prepared profile, with a mission and an award."""
    admin = await people.sign_in(NOVA_ID, role="admin")
    await moving.read_in(moving.write("members.csv", MEMBERS))
    await moving.read_in(moving.write("missions.csv", "slug,title\niron-dawn,Iron Dawn\n"))
    await moving.read_in(moving.write("awards.csv", "name\nLong Service\n"))
    return admin


async def _reason_of(moving: Moving, name: str, text: str) -> str:
    """Import one row that changes nothing; returns what its report says."""
    report = moving.folder / "again.csv"
    before = await moving.contents()
    result = await moving.read_in(moving.write(name, text), report=report)
    assert (errors(result), result.count(Action.UNCHANGED)) == ([], 1)
    assert await moving.contents() == before
    return report.read_text().splitlines()[1]


async def test_who_has_left_here_is_not_brought_back_by_their_sheet(
    officer: Browser, moving: Moving
) -> None:
    await officer.put(f"/api/members/{COSMO_ID}/departure", json={"reason": "moved away"})

    await _reason_of(moving, "members.csv", MEMBERS)

    assert await moving.owner.fetchval("SELECT count(*) FROM departures") == 1
    listed = (await officer.get("/api/members")).json()["items"]
    assert COSMO_ID not in [member["discord_id"] for member in listed]


async def test_who_came_back_here_is_not_sent_away_by_the_old_sheet(
    officer: Browser, moving: Moving
) -> None:
    sheet = f"discord_id,reason\n{COSMO_ID},moved away\n"
    await moving.read_in(moving.write("departures.csv", sheet))
    assert await moving.owner.fetchval("SELECT count(*) FROM departures") == 1
    answer = await officer.delete(f"/api/members/{COSMO_ID}/departure")
    assert answer.is_success, answer.text

    reason = await _reason_of(moving, "departures.csv", sheet)

    assert "has come back here since" in reason
    dated = f"discord_id,reason,left_at\n{COSMO_ID},moved away,2020-01-01\n"
    assert "has come back here since" in await _reason_of(moving, "departures.csv", dated)


async def test_a_departure_after_the_return_is_news(officer: Browser, moving: Moving) -> None:
    back = f"discord_id,returned_at\n{COSMO_ID},2024-01-01\n"
    await moving.read_in(moving.write("departures.csv", back))
    sheet = f"discord_id,reason,left_at\n{COSMO_ID},moved away,2024-05-05\n"

    result = await moving.read_in(moving.write("departures.csv", sheet))

    assert result.count(Action.CREATE) == 1
    assert await moving.owner.fetchval("SELECT count(*) FROM departures") == 1
    # And a return after that ends it, whichever file says so.
    back = f"discord_id,returned_at\n{COSMO_ID},2024-06-01\n"
    await moving.read_in(moving.write("departures.csv", back))
    assert await moving.owner.fetchval("SELECT count(*) FROM departures") == 0
    assert "has come back" in await _reason_of(moving, "departures.csv", sheet)


async def test_an_entry_given_and_revoked_here_does_not_come_from_a_sheet(
    officer: Browser, moving: Moving
) -> None:
    """The sheet's row never made an entry of its own: the one that was there already said it."""
    moment = "2024-05-01T10:00:00Z"
    award = {"member": COSMO_ID, "mission": "iron-dawn", "completed_at": moment}
    given = await officer.post("/api/completions", json=award)
    sheet = f"discord_id,mission,completed_at\n{COSMO_ID},iron-dawn,{moment}\n"
    await _reason_of(moving, "completions.csv", sheet)
    revoked = await officer.post(
        f"/api/completions/{given.json()['id']}/revoke", json={"reason": "not there"}
    )
    assert revoked.is_success, revoked.text

    assert "was revoked here" in await _reason_of(moving, "completions.csv", sheet)


async def test_an_award_granted_and_withdrawn_here_does_not_come_from_a_sheet(
    officer: Browser, moving: Moving
) -> None:
    sheet = f"discord_id,award\n{COSMO_ID},Long Service\n"
    await moving.owner.execute(
        "INSERT INTO award_grants (award_id, member_id, reason, granted_by, withdrawn_at,"
        " withdraw_reason) SELECT awards.id, members.id, 'x', gen_random_uuid(), now(), 'y'"
        f" FROM awards, members WHERE discord_id = '{COSMO_ID}'"
    )

    assert "was withdrawn here" in await _reason_of(moving, "award_grants.csv", sheet)
    # Granted again since, which the sheet says.
    dated = f"discord_id,award,granted_at\n{COSMO_ID},Long Service,"
    await moving.owner.execute("UPDATE award_grants SET withdrawn_at = '2024-01-01'")
    result = await moving.read_in(moving.write("award_grants.csv", f"{dated}2024-02-02\n"))
    assert result.count(Action.CREATE) == 1
