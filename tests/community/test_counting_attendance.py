"""The log of what was attended: it adds up to the attendance, and says nothing when nothing changed."""

import pytest

from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection

LOGGED = "SELECT change FROM counter_changes ORDER BY id"


@pytest.fixture
async def attended(farout: Farout, community_owner: Connection) -> Connection:
    """Return a database in which one member attended one date, and another was excused."""
    await community_owner.execute(
        "INSERT INTO members (discord_id, display_name) VALUES ('77', 'x'), ('78', 'y');"
        "INSERT INTO missions (slug, title) VALUES ('m', 'M');"
        "INSERT INTO occurrences (mission_id, starts_at) SELECT id, '2026-01-01' FROM missions;"
        "INSERT INTO attendance (occurrence_id, member_id, status) SELECT occurrences.id, members.id,"
        " CASE discord_id WHEN '77' THEN 'attended' ELSE 'excused' END FROM occurrences, members"
    )
    return community_owner


async def _logged(database: Connection) -> list[int]:
    return [row["change"] for row in await database.fetch(LOGGED)]


async def _events(database: Connection, discord_id: str = "77") -> str | None:
    found: str | None = await database.fetchval(
        "SELECT stats #>> '{counters,events_attended}' FROM members WHERE discord_id = $1",
        discord_id,
    )
    return found


async def test_another_note_role_or_score_is_no_change_of_the_log(attended: Connection) -> None:
    assert await _logged(attended) == [1]
    await attended.execute("UPDATE attendance SET note = 'was late', role = 'pilot', points = 7")
    await attended.execute("UPDATE attendance SET status = 'no_show' WHERE status = 'excused'")
    assert await _logged(attended) == [1]
    assert await _events(attended) == "1"


async def test_who_was_there_after_all_or_was_not_is_counted_anew(attended: Connection) -> None:
    await attended.execute(
        "UPDATE attendance SET status = CASE status WHEN 'attended' THEN 'excused' ELSE 'attended' END"
    )
    assert sorted(await _logged(attended)) == [-1, 1, 1]
    assert (await _events(attended), await _events(attended, "78")) == (None, "1")
    await attended.execute("DELETE FROM attendance")
    assert sum(await _logged(attended)) == 0
    assert await _events(attended, "78") is None
    assert await attended.fetchval("SELECT count(*) FROM scores WHERE value > 0") == 0


async def test_attendance_that_is_logged_already_reaches_the_profile(attended: Connection) -> None:
    """As an import brings it: first the log, with its own moments, then what it is about."""
    await attended.execute(
        "DELETE FROM attendance; DELETE FROM counter_changes;"
        "INSERT INTO counter_changes (member_id, counter, change, counted_at)"
        " SELECT id, 'events_attended', 1, '2026-01-01' FROM members;"
        "INSERT INTO attendance (occurrence_id, member_id, status)"
        " SELECT occurrences.id, members.id, 'attended' FROM occurrences, members"
    )
    assert await _logged(attended) == [1, 1]
    assert await _events(attended) == "1"


async def test_a_counter_logs_what_the_log_lacks(attended: Connection) -> None:
    await attended.execute(
        "INSERT INTO counters (key, title) VALUES ('kudos', 'Kudos');"
        "INSERT INTO member_counters SELECT id, 'kudos', 5 FROM members WHERE discord_id = '77';"
        "UPDATE member_counters SET value = 5;"
        "UPDATE member_counters SET value = 3"
    )
    assert await _logged(attended) == [1, 5, -2]
    # Whatever came between them: the log adds up to the value again.
    await attended.execute("DELETE FROM counter_changes WHERE change = 5")
    await attended.execute("UPDATE member_counters SET value = 4")
    kudos = "SELECT sum(change) FROM counter_changes WHERE counter = 'kudos'"
    assert await attended.fetchval(kudos) == 4
