"""Each table of the community goes along in an export, or is left out for a reason that stands here."""

from backend.schema.histories import COMMUNITY
from tests.porting.conftest import CONTENTS, Moving

# The table, and what of CONTENTS compares it after export, wipe and import.
TRAVELS = {
    "attendance": "attendance",
    "award_grants": "award_grants",
    "awards": "awards",
    "completion_revocations": "revocations",
    "completions": "completions",
    "counter_changes": "counter_changes",
    "counters": "counters",
    "departures": "departures",
    "member_counters": "stats",
    "members": "members",
    "missions": "missions",
    "occurrences": "occurrences",
    "rank_changes": "rank_changes",
    "ranks": "ranks",
    "reports": "reports",
    "returns": "returns",
    "score_tally": "tally",
    "scores": "scores",
    "season_standings": "season_standings",
    "seasons": "seasons",
    "training_instructors": "instructors",
    "training_prerequisites": "prerequisites",
    "trainings": "trainings",
}
_OF_ACCOUNTS = "Accounts belong to the sign-in; the mirror is rebuilt from there."
_OF_THE_SERVER = "Belongs to this installation, not to its people."
_SHOP = "The stock and what was lent of it: not what members did."
_WRITTEN = "Texts of the community, which a backup keeps."
_APPLIED = "Applications are decided where they were made."
_SEATS = "Seats of dates: people sign up anew; who was there is attendance."
_DERIVED = "Made by triggers from what travels; `check-projection` compares it."
STAYS = {
    "achievements": _DERIVED,
    "alembic_version": _OF_THE_SERVER,
    "api_key_days": _OF_THE_SERVER,
    "api_keys": "A secret that programs hold; keys are made anew.",
    "application_forms": _APPLIED,
    "application_messages": _APPLIED,
    "application_votes": _APPLIED,
    "applications": _APPLIED,
    "audit_log": "Says what was done here, and nobody can add to it what was done elsewhere.",
    "blog_posts": _WRITTEN,
    "events": _OF_THE_SERVER,
    "former_discord_ids": _OF_ACCOUNTS,
    "idempotency_keys": _OF_THE_SERVER,
    "import_runs": _OF_THE_SERVER,
    "incidents": _OF_THE_SERVER,
    "item_holdings": _SHOP,
    "item_movements": _SHOP,
    "items": _SHOP,
    "name_parts": _DERIVED,
    "occurrence_slots": _SEATS,
    "rejected_events": _OF_ACCOUNTS,
    "role_permissions": "Who may do what here is for the admins here.",
    "signing_secrets": _OF_THE_SERVER,
    "signups": _SEATS,
    "sync_checks": _OF_ACCOUNTS,
    "userbase": _OF_ACCOUNTS,
    "webhook_attempts": _OF_THE_SERVER,
    "webhook_deliveries": _OF_THE_SERVER,
    "webhook_endpoints": _OF_THE_SERVER,
}
# What a database gives by itself, or what another comparison says.
NOT_COMPARED = {
    "member_counters": {"member_id"},
    "members": {"id", "updated_at"},
    "score_tally": {"id", "period", "change"},
    "scores": {"member_id", "period"},
}


async def test_every_table_travels_or_has_a_reason_to_stay(moving: Moving) -> None:
    found = await moving.owner.fetch(
        "SELECT relname FROM pg_class"
        " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    tables = {row["relname"] for row in found}
    assert not TRAVELS.keys() & STAYS.keys()
    assert sorted(tables) == sorted(TRAVELS.keys() | STAYS.keys())
    assert set(TRAVELS.values()) == set(CONTENTS)


async def test_every_column_of_what_travels_is_compared(moving: Moving) -> None:
    left_out: dict[str, set[str]] = {}
    for table, content in TRAVELS.items():
        query = await moving.owner.prepare(CONTENTS[content])
        compared = {one.name for one in query.get_attributes()}
        columns = {column.name for column in COMMUNITY.metadata.tables[table].columns}
        if columns - compared:
            left_out[table] = columns - compared
    assert left_out == NOT_COMPARED
