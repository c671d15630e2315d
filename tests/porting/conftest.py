"""A community worth moving: people, careers, awards, what was taken back, and texts that mean harm."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backend.community.porting.actions import Result, Wish, import_file
from backend.community.porting.exports import Format, export
from backend.community.porting.inspection import open_source
from backend.devtools.fill.actions import fill
from backend.devtools.postgres import OWNER
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection, Server

SOMEBODY = UUID("0198c0de-0000-7000-8000-00000000abcd")
# What an export holds, by what it means: without the ids and moments that a database gives by itself.
CONTENTS = {
    "ranks": "SELECT code, name, position, description, archived_at, created_at FROM ranks",
    "missions": "SELECT * FROM missions",
    "trainings": "SELECT * FROM trainings",
    "prerequisites": "SELECT * FROM training_prerequisites",
    "counters": "SELECT * FROM counters",
    "awards": "SELECT * FROM awards",
    "occurrences": "SELECT o.*, m.discord_id, NULL AS leader_id"
    " FROM occurrences o LEFT JOIN members m ON m.id = leader_id",
    "members": "SELECT discord_id, display_name, bio, avatar_url, rank, missions_completed,"
    " trainings_completed, stats, created_at FROM members",
    "instructors": "SELECT i.*, discord_id, NULL AS member_id"
    " FROM training_instructors i JOIN members m ON m.id = member_id",
    "rank_changes": "SELECT discord_id, c.*, NULL AS member_id, NULL AS id,"
    " row_number() OVER (PARTITION BY member_id ORDER BY c.id) AS turn"
    " FROM rank_changes c JOIN members m ON m.id = member_id",
    "completions": "SELECT discord_id, c.*, NULL AS member_id"
    " FROM completions c JOIN members m ON m.id = member_id",
    "revocations": "SELECT * FROM completion_revocations",
    "stats": "SELECT discord_id, counter, value FROM member_counters"
    " JOIN members m ON m.id = member_id",
    "award_grants": "SELECT discord_id, g.*, NULL AS member_id"
    " FROM award_grants g JOIN members m ON m.id = member_id",
    "departures": "SELECT discord_id, d.*, NULL AS member_id"
    " FROM departures d JOIN members m ON m.id = member_id",
    "returns": "SELECT discord_id, r.*, NULL AS member_id"
    " FROM returns r JOIN members m ON m.id = member_id",
    "counter_changes": "SELECT discord_id, c.*, NULL AS member_id, NULL AS id,"
    " row_number() OVER (PARTITION BY member_id ORDER BY c.id) AS turn"
    " FROM counter_changes c JOIN members m ON m.id = member_id",
    "attendance": "SELECT discord_id, a.*, NULL AS member_id"
    " FROM attendance a JOIN members m ON m.id = member_id",
    "reports": "SELECT * FROM reports",
    "seasons": "SELECT *, NULL AS number FROM seasons",
    "season_standings": "SELECT discord_id, slug, s.*, NULL AS member_id, NULL AS season"
    " FROM season_standings s JOIN members m ON m.id = member_id JOIN seasons ON number = season",
    # Boards of closed seasons are read from what was kept of them.
    "scores": "SELECT discord_id, slug, counter, value, due_on,"
    " CASE WHEN period < 100 THEN period END AS days"
    " FROM scores JOIN members m ON m.id = member_id LEFT JOIN seasons ON number = period"
    " WHERE closed_at IS NULL",
    "tally": "SELECT slug, CASE WHEN period < 100 THEN period END AS days, counter, bucket,"
    " sum(change) FROM score_tally LEFT JOIN seasons ON number = period WHERE closed_at IS NULL"
    " GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0",
}
# The mirror stays: it is auth's.
WIPED = (
    "scores, score_tally, season_standings, seasons, departures, returns, award_grants, awards,"
    " attendance, member_counters, counter_changes, counters, completion_revocations, completions,"
    " rank_changes, training_instructors, signups, occurrence_slots, reports, occurrences,"
    " training_prerequisites, trainings, missions, members, import_runs"
)


class Moving:
    """Exports, wipes, imports, and compares."""

    def __init__(self, farout: Farout, owner: Connection, folder: Path) -> None:
        self.database = farout.community.database
        self.owner = owner
        self.folder = folder

    async def export(self, wanted: Format = Format.JSON) -> Path:
        path = self.folder / wanted.file_name
        with path.open("wb") as file:
            async for chunk in export(self.database, wanted):
                file.write(chunk)
        return path

    async def read_in(self, path: Path, section: str | None = None, **wish: Any) -> Result:
        return await import_file(self.database, open_source(path, section), Wish(**wish))

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    async def contents(self) -> dict[str, list[str]]:
        """Return everything that an export is about, comparable between two databases."""
        return {
            name: [
                row["one"]
                for row in await self.owner.fetch(
                    f"SELECT CAST(to_jsonb(one) AS text) AS one FROM ({query}) AS one ORDER BY 1"
                )
            ]
            for name, query in CONTENTS.items()
        }

    async def everything(self) -> dict[str, list[str]]:
        """Return every row of every table, with all that a database gives by itself."""
        names = await self.owner.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {
            row["relname"]: [
                one["one"]
                for one in await self.owner.fetch(
                    f"SELECT CAST(one AS text) AS one FROM {row['relname']} AS one ORDER BY 1"
                )
            ]
            for row in names
        }

    async def wipe(self) -> None:
        await self.owner.execute(
            "; ".join(f"DELETE FROM {table.strip()}" for table in WIPED.split(","))
        )


def errors(result: Result) -> list[tuple[int, str, str]]:
    """Return line, field and reason of each row that could not be imported."""
    return [(one.record.line, one.outcome.field, one.outcome.reason) for one in result.first_errors]


@pytest.fixture
def moving(farout: Farout, community_owner: Connection, tmp_path: Path) -> Moving:
    return Moving(farout, community_owner, tmp_path)


Filling = Callable[[int], Any]


@pytest.fixture
async def filled(moving: Moving, migrated: Server, empty_databases: None) -> Filling:
    """Return what fills both databases with so many people, and adds what made-up people do not have."""

    async def fill_in(people: int) -> None:
        urls = (migrated.url(OWNER, "farout_auth"), migrated.url(OWNER, "farout"))
        await fill(*urls, people, tell=lambda stage: None)
        for statement in LIVED_IN:
            await moving.owner.execute(statement)

    return fill_in


LIVED_IN: Sequence[str] = (
    # Awards, one of them granted, withdrawn and granted again.
    "INSERT INTO awards (name, description, rule) VALUES ('Long Service', '',"
    ' \'{"counters": {"points": 10}, "missions": [], "trainings": [], "days_here": null}\'),'
    " ('Other', NULL, NULL)",
    "INSERT INTO award_grants (award_id, member_id, reason, granted_by, withdrawn_at, withdrawn_by,"
    f" withdraw_reason) SELECT a.id, m.id, 'Too early', '{SOMEBODY}', now(), '{SOMEBODY}', 'Oops'"
    " FROM awards a CROSS JOIN (SELECT id FROM members ORDER BY id LIMIT 20) m",
    "INSERT INTO award_grants (award_id, member_id, reason, granted_by)"
    f" SELECT a.id, m.id, '=HYPERLINK(\"http://x\")', '{SOMEBODY}'"
    " FROM awards a CROSS JOIN (SELECT id FROM members ORDER BY id LIMIT 15) m",
    # Careers with an undone step and two on one day.
    "INSERT INTO rank_changes (member_id, kind, rank, effective_on, reason)"
    " SELECT id, 'initial', 'older-than-the-ladder', created_at::date, 'The rank before.' FROM members"
    " WHERE id % 3 = 0",
    "INSERT INTO rank_changes (member_id, kind, rank, effective_on, reason, undone_at, undone_by,"
    f" undo_reason) SELECT id, 'promotion', 'captain', '2025-01-01', 'x', now(), '{SOMEBODY}', 'y'"
    " FROM members WHERE id % 3 = 0",
    "INSERT INTO rank_changes (member_id, kind, rank, effective_on, reason, changed_by)"
    f" SELECT id, 'promotion', 'captain', '2025-01-01', 'x', '{SOMEBODY}' FROM members"
    " WHERE id % 3 = 0",
    "INSERT INTO rank_changes (member_id, kind, rank, effective_on, reason)"
    " SELECT id, 'demotion', 'veteran', '2025-01-01', 'y' FROM members WHERE id % 6 = 0",
    "UPDATE members SET rank = CASE WHEN id % 6 = 0 THEN 'veteran' ELSE 'captain' END WHERE id % 3 = 0",
    # A rank that the ladder does not have.
    "UPDATE members SET rank = 'Grand Old Admiral' WHERE id % 7 = 1 AND id % 3 <> 0",
    "INSERT INTO ranks (code, name, position, description, archived_at)"
    " VALUES ('commodore', '@Commodore', 90, '', now())",
    # Things that were taken back, and some of them given again.
    "INSERT INTO completion_revocations (completion_id, revoked_at, revoked_by, reason)"
    f" SELECT id, now() - interval '3 days', '{SOMEBODY}', '-not there' FROM completions"
    " WHERE get_byte(uuid_send(id), 15) < 20",
    "INSERT INTO completions (id, member_id, kind, mission_id, slug, title, outcome, points,"
    " completed_at, awarded_at, via, note, evidence)"
    # Older by its id than the one that was revoked: the order of ids is not that of events.
    " SELECT uuidv7('-20 years'), member_id, kind, mission_id, slug, title, 'partial', 7,"
    " completed_at, awarded_at, 'import',"
    " '+again', ARRAY['https://example.org/a', 'https://example.org/b']"
    " FROM completions WHERE revoked_at IS NOT NULL AND kind = 'mission'"
    " AND get_byte(uuid_send(id), 15) < 10 ON CONFLICT DO NOTHING",
    # From before the ledger, from a date, and from a class.
    "INSERT INTO completions (member_id, kind, slug, title, outcome, completed_at, via)"
    " SELECT id, 'mission', 'old-thing', '''Old Thing''', 'participated', '2023-05-05T05:05:05.123456Z',"
    " 'legacy' FROM members WHERE id % 5 = 0",
    "UPDATE occurrences SET leader_id = (SELECT min(id) FROM members), details = ''",
    "INSERT INTO completions (member_id, kind, mission_id, occurrence_id, slug, title, outcome, points,"
    " completed_at, via) SELECT m.id, 'mission', o.mission_id, o.id, 'renamed-since', 'As it was called',"
    " 'success', 3, now(), 'rule' FROM occurrences o CROSS JOIN (SELECT id FROM members LIMIT 9) m",
    # Reports: one of a date that was corrected, and attendance that was taken back altogether.
    "UPDATE occurrences SET needs_approval = true WHERE starts_at > now()",
    "INSERT INTO occurrences (mission_id, status, starts_at) SELECT min(id::text)::uuid, 'completed',"
    " now() - interval '20 days' * n FROM missions, generate_series(1, 12) AS n GROUP BY n",
    "INSERT INTO reports (occurrence_id, body, revision, written_by)"
    f" SELECT id, '@' || id, 3, '{SOMEBODY}' FROM occurrences WHERE starts_at < now()",
    "INSERT INTO attendance (occurrence_id, member_id, status, role, minutes, note)"
    " SELECT o.id, m.id, CASE (o.position + m.id) % 3 WHEN 0 THEN 'excused' ELSE 'attended' END,"
    " 'pilot', 5, '=1' FROM (SELECT *, row_number() OVER (ORDER BY id) AS position FROM occurrences"
    " WHERE mission_id IS NOT NULL AND starts_at < now()) o"
    " CROSS JOIN (SELECT id FROM members ORDER BY id LIMIT 30) m",
    "UPDATE attendance SET status = 'attended' WHERE status = 'excused' AND member_id % 2 = 0",
    "UPDATE attendance SET status = 'no_show' WHERE member_id % 5 = 0",
    "DELETE FROM attendance WHERE member_id % 7 = 0",
    "UPDATE attendance a SET completion_id = c.id FROM completions c"
    " WHERE c.member_id = a.member_id AND c.occurrence_id = a.occurrence_id",
    # Counters that went up and down, before and within the last 30 and 90 days.
    "INSERT INTO counters (key, title) VALUES ('flights', 'Flights')",
    "INSERT INTO member_counters (member_id, counter, value)"
    " SELECT id, 'flights', 10 FROM members ORDER BY id LIMIT 40",
    "UPDATE member_counters SET value = value - 4 WHERE counter = 'flights' AND member_id % 2 = 0",
    "UPDATE member_counters SET value = 0 WHERE counter = 'flights' AND member_id % 5 = 0",
    "UPDATE counter_changes SET counted_at = now() - interval '40 days' * (id % 4)"
    " WHERE counter = 'flights'",
    # A season that was closed over some of it, and what came after.
    "INSERT INTO seasons (slug, title, starts_at, ends_at, created_by)"
    f" VALUES ('first', '=First', '2022-01-01', date_trunc('day', now()), '{SOMEBODY}'),"
    " ('running', 'Running', now() - interval '50 days', now() + interval '50 days', NULL)",
    f"SELECT close_season(number, '{SOMEBODY}') FROM seasons WHERE slug = 'first'",
    "INSERT INTO completion_revocations (completion_id, reason)"
    " SELECT id, 'after the season' FROM completions WHERE revoked_at IS NULL"
    " AND get_byte(uuid_send(id), 15) BETWEEN 100 AND 110",
    "UPDATE member_counters SET value = value + 1000 WHERE member_id % 3 = 0",
    "DELETE FROM attendance WHERE member_id % 11 = 0",
    # Erased people keep their place in the record.
    "SELECT erase_member(id) FROM members WHERE id % 23 = 0",
    "INSERT INTO returns (member_id, returned_at, recorded_by)"
    f" SELECT id, now() - interval '1 day', '{SOMEBODY}' FROM members WHERE id % 9 = 0 OR id % 11 = 0",
    "INSERT INTO departures (member_id, reason, recorded_by)"
    f" SELECT id, '@gone', '{SOMEBODY}' FROM members WHERE id % 11 = 0 ON CONFLICT DO NOTHING",
    "UPDATE members SET display_name = '=cmd|'' /C calc''!A0', bio = E'-1\\n\"two\"\\n\\t;three,'"
    " WHERE id % 4 = 0",
    "UPDATE members SET display_name = '''tis', bio = '''''=1' WHERE id % 4 = 1",
    "UPDATE members SET avatar_url = 'https://cdn.discordapp.com/a.png?size=128' WHERE id % 2 = 0",
)
