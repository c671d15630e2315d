"""A password cannot be written from the community side, and every attempt is on record."""

import json
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.community.password_writes.actions import names_a_password, without_values
from backend.database import Database, Statement
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection

SECRET = "hunter2-is-not-in-the-log"
ATTEMPT = f"UPDATE userbase SET hashed_password = '{SECRET}' WHERE user_id = 1"


async def _in_a_transaction(database: Database) -> None:
    async with database.transaction() as db:
        await db.execute(text(ATTEMPT))


async def _swallowed(database: Database) -> None:
    """A caller that catches the refusal in a savepoint and goes on has tried all the same."""
    async with database.transaction() as db:
        with pytest.raises(ProgrammingError):
            async with db.begin_nested():
                await db.execute(text(ATTEMPT))
        await db.execute(text("SELECT 1"))
    raise RuntimeError("went on")


async def _prepared(database: Database) -> None:
    async with database.rows() as rows:
        await rows.row(Statement(text(ATTEMPT)))


async def _prepared_alone(database: Database) -> None:
    await database.row(Statement(text(ATTEMPT)))


async def _as_owner(database: Database) -> None:
    async with database.transaction() as db:
        await db.execute(text("ALTER TABLE userbase ADD COLUMN password_hash text"))


async def _other_database(database: Database) -> None:
    async with database.transaction() as db:
        await db.execute(text("UPDATE users SET hashed_password = :value"), {"value": SECRET})


WAYS: dict[str, tuple[Callable[[Database], Awaitable[None]], str, str]] = {
    "in a transaction": (_in_a_transaction, "42703", "UPDATE userbase SET hashed_password"),
    "caught by the caller": (_swallowed, "42703", "UPDATE userbase SET hashed_password"),
    "prepared": (_prepared, "42703", "UPDATE userbase SET hashed_password"),
    "prepared, alone": (_prepared_alone, "42703", "UPDATE userbase SET hashed_password"),
    "a new column": (_as_owner, "42501", "ALTER TABLE userbase ADD COLUMN password_hash"),
    "auth's own table": (_other_database, "42P01", "UPDATE users SET hashed_password"),
}


@pytest.mark.parametrize("role", ["farout_app", "farout_sync"])
@pytest.mark.parametrize("way", WAYS)
async def test_an_attempt_fails_as_before_and_is_on_record(
    farout: Farout, community_owner: Connection, way: str, role: str
) -> None:
    attempt, sqlstate, begins = WAYS[way]
    community = farout.community
    database = community.database if role == "farout_app" else community.sync_database

    with pytest.raises(Exception, match=r"hashed_password|userbase|users|went on"):
        await attempt(database)

    rows = await community_owner.fetch("SELECT action, details FROM audit_log")
    assert [row["action"] for row in rows] == ["password_write.refused"]
    details = json.loads(rows[0]["details"])
    assert (details["sqlstate"], details["role"]) == (sqlstate, role)
    assert details["statement"].startswith(begins)
    assert SECRET not in rows[0]["details"]


async def test_other_refusals_are_no_such_attempt(
    farout: Farout, community_owner: Connection
) -> None:
    for statement in ("UPDATE userbase SET role = 'admin'", "SELECT hashed_password FROM userbase"):
        with pytest.raises(ProgrammingError):
            async with farout.community.database.transaction() as db:
                await db.execute(text(statement))

    assert await community_owner.fetchval("SELECT count(*) FROM audit_log") == 0


async def test_a_record_that_cannot_be_written_hides_no_error(
    farout: Farout, community_owner: Connection
) -> None:
    await community_owner.execute("REVOKE INSERT ON audit_log FROM farout_app")
    try:
        with pytest.raises(ProgrammingError, match="hashed_password"):
            await _in_a_transaction(farout.community.database)
    finally:
        await community_owner.execute("GRANT INSERT ON audit_log TO farout_app")


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("UPDATE u SET password = 'a''b', n = 12.5", "UPDATE u SET password = ?, n = ?"),
        ("UPDATE u SET password = $$se'cret$$", "UPDATE u SET password = ?"),
        ("UPDATE u SET password = $x$se$$cret$x$", "UPDATE u SET password = ?"),
        ("UPDATE u SET\n  password = 'cut off", "UPDATE u SET password = ?"),
        ("UPDATE u SET password = $1::VARCHAR", "UPDATE u SET password = $?::VARCHAR"),
    ],
)
def test_no_value_is_kept(statement: str, kept: str) -> None:
    assert without_values(statement) == kept
    assert names_a_password(statement)


def test_a_password_in_a_value_is_no_password_field() -> None:
    assert not names_a_password("UPDATE members SET bio = 'my password'")
    assert len(without_values("UPDATE u SET password = x" + ", y" * 500)) == 200
