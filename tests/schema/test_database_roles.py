"""What PostgreSQL itself forbids: the other database, tables, and the past."""

import os
import subprocess

import asyncpg
import pytest

from backend.devtools.postgres import INIT_SCRIPT
from tests.fixtures.databases import Connection, Server


@pytest.mark.parametrize(
    ("role", "database"),
    [
        ("farout_app", "farout_auth"),
        ("farout_sync", "farout_auth"),
        ("farout_auth_service", "farout"),
    ],
)
async def test_no_role_connects_to_the_other_side(
    migrated: Server, role: str, database: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await asyncpg.connect(migrated.url(role, database))


REFUSED = [
    ("farout_auth_service", "farout_auth", "UPDATE audit_log SET action = 'x'"),
    ("farout_auth_service", "farout_auth", "DELETE FROM audit_log"),
    ("farout_auth_service", "farout_auth", "TRUNCATE users"),
    ("farout_auth_service", "farout_auth", "ALTER TABLE users ADD x text"),
    ("farout_auth_service", "farout_auth", "CREATE TABLE x ()"),
    ("farout_app", "farout", "DELETE FROM members"),
    ("farout_app", "farout", "DROP TABLE members"),
    ("farout_app", "farout", "UPDATE userbase SET role = 'admin'"),
    ("farout_app", "farout", "UPDATE signing_secrets SET value = value"),
    ("farout_sync", "farout", "UPDATE userbase SET tags = '{}'"),
    ("farout_app", "farout", "CREATE TABLE x ()"),
    ("farout_sync", "farout", "UPDATE members SET bio = 'x'"),
    ("farout_sync", "farout", "DELETE FROM members"),
]


@pytest.mark.parametrize(("role", "database", "statement"), REFUSED)
async def test_a_role_may_do_no_more_than_it_needs(
    migrated: Server, role: str, database: str, statement: str
) -> None:
    connection = await asyncpg.connect(migrated.url(role, database))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_uid_of_a_user_never_changes(
    empty_databases: None, auth_owner: Connection
) -> None:
    await auth_owner.execute("INSERT INTO users (username) VALUES ('by-hand')")
    before = await auth_owner.fetchval("SELECT uid FROM account_security")

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changes"):
        await auth_owner.execute("UPDATE account_security SET uid = uuidv7()")

    assert await auth_owner.fetchval("SELECT uid FROM account_security") == before


async def test_updated_at_is_kept_by_the_database(
    empty_databases: None, community_owner: Connection
) -> None:
    await community_owner.execute(
        "INSERT INTO members (discord_id, display_name, updated_at) VALUES ('1', 'x', '2020-01-01')"
    )
    await community_owner.execute("UPDATE members SET bio = 'x'")

    assert await community_owner.fetchval(
        "SELECT updated_at > now() - interval '1 minute' FROM members"
    )


async def test_a_deleted_user_leaves_no_tags_and_no_grants(
    empty_databases: None, community_owner: Connection
) -> None:
    await community_owner.execute(
        "INSERT INTO userbase (user_id, uid, username, role, is_active, version, tags, permissions)"
        " VALUES (1, uuidv7(), 'x', 'member', true, 1, '{vip}', '[\"items.issue\"]')"
    )

    await community_owner.execute(
        "UPDATE userbase SET deleted_at = now(), username = NULL, is_active = false"
    )

    row = await community_owner.fetchrow("SELECT tags, permissions FROM userbase")
    assert row is not None
    assert tuple(row) == ([], "[]")


@pytest.mark.parametrize(
    "name", ["FAROUT_AUTH_SERVICE_PASSWORD", "FAROUT_APP_PASSWORD", "FAROUT_SYNC_PASSWORD"]
)
def test_the_init_script_refuses_to_run_without_a_password(name: str) -> None:
    passwords = {
        one: "x"
        for one in ("FAROUT_AUTH_SERVICE_PASSWORD", "FAROUT_APP_PASSWORD", "FAROUT_SYNC_PASSWORD")
        if one != name
    }

    run = subprocess.run(
        ["bash", str(INIT_SCRIPT)], env={"PATH": os.environ["PATH"], **passwords},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert run.returncode == 1
    assert f"{name} is not set" in run.stderr
