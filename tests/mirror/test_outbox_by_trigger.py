"""No change of a user goes by the mirror, whoever makes it and by whatever statement."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from tests.fixtures.application import Farout, one_row
from tests.fixtures.databases import Connection, Server
from tests.fixtures.mirror import Deliver, in_step

pytestmark = pytest.mark.usefixtures("empty_databases")


async def _outbox(auth: Connection) -> list[dict[str, Any]]:
    rows = await auth.fetch("SELECT type, uid, version, payload FROM outbox ORDER BY id")
    return [dict(row) | {"payload": json.loads(row["payload"])} for row in rows]


async def _insert(auth: Connection, *names: str) -> list[int]:
    rows = await auth.fetch(
        "INSERT INTO users (username) SELECT unnest($1::text[]) RETURNING id", list(names)
    )
    return [row["id"] for row in rows]


async def test_a_change_by_hand_reaches_the_mirror(
    auth_owner: Connection, community_owner: Connection, deliver: Deliver
) -> None:
    await _insert(auth_owner, "ada", "bob")
    await auth_owner.execute(
        "UPDATE users SET role = 'admin', email = 'a@x.org' WHERE username = 'ada'"
    )
    await auth_owner.execute(
        "UPDATE users SET discord_id = '123', is_active = false WHERE username = 'bob'"
    )

    assert await deliver() == 4

    assert await in_step(auth_owner, community_owner)
    ada = await one_row(community_owner, "SELECT * FROM userbase WHERE username = 'ada'")
    assert (ada["role"], ada["email"]) == ("admin", "a@x.org")


async def test_a_ban_by_hand_is_announced_with_a_newer_version(auth_owner: Connection) -> None:
    [user_id] = await _insert(auth_owner, "ada")
    await auth_owner.execute(
        "UPDATE account_security SET banned_at = now(), ban_reason = 'x' WHERE user_id = $1",
        user_id,
    )

    created, updated = await _outbox(auth_owner)

    assert (created["type"], updated["type"]) == ("user.created", "user.updated")
    assert updated["version"] > created["version"]
    assert updated["uid"] == created["uid"]


async def test_what_the_mirror_does_not_hold_makes_no_event(auth_owner: Connection) -> None:
    [user_id] = await _insert(auth_owner, "ada")
    await auth_owner.execute(
        "UPDATE users SET last_login = now(), hashed_password = 'x', must_change_password = true"
    )
    await auth_owner.execute("UPDATE account_security SET failed_login_count = 3")

    assert [one["type"] for one in await _outbox(auth_owner)] == ["user.created"]
    assert "hashed_password" not in json.dumps((await _outbox(auth_owner))[0]["payload"])
    assert user_id


async def test_a_version_cannot_be_set_back(auth_owner: Connection) -> None:
    await _insert(auth_owner, "ada")
    before = await auth_owner.fetchval("SELECT version FROM account_security")

    await auth_owner.execute("UPDATE account_security SET version = 0")

    assert await auth_owner.fetchval("SELECT version FROM account_security") > before


async def test_a_rolled_back_change_is_never_announced(auth_owner: Connection) -> None:
    transaction = auth_owner.transaction()
    await transaction.start()
    await _insert(auth_owner, "ada")
    await transaction.rollback()

    assert await _outbox(auth_owner) == []


async def test_a_gap_in_the_versions_is_not_waited_for(
    auth_owner: Connection, community_owner: Connection, deliver: Deliver
) -> None:
    transaction = auth_owner.transaction()
    await transaction.start()
    await _insert(auth_owner, "nobody")
    await transaction.rollback()
    await _insert(auth_owner, "ada")

    assert await deliver() == 1

    assert await in_step(auth_owner, community_owner)


@pytest.mark.parametrize("statement", ["DELETE FROM users", "TRUNCATE users CASCADE"])
async def test_deleting_leaves_tombstones_without_personal_data(
    auth_owner: Connection, community_owner: Connection, deliver: Deliver, statement: str
) -> None:
    await _insert(auth_owner, "ada", "bob")
    await auth_owner.execute("UPDATE users SET discord_id = id::text, email = username || '@x.org'")
    await deliver()
    await community_owner.execute("""UPDATE userbase SET settings = '{"theme": "dark"}'""")

    await auth_owner.execute(statement)
    await deliver()

    rows = await community_owner.fetch("SELECT * FROM userbase")
    assert len(rows) == 2
    for row in rows:
        assert row["deleted_at"] is not None
        assert (row["username"], row["email"], row["discord_id"]) == (None, None, None)
        assert (row["is_active"], row["settings"], row["permissions"]) == (False, "{}", "[]")


async def test_concurrent_changes_of_one_user_end_with_the_whole_state(
    migrated: Server, auth_owner: Connection, community_owner: Connection, deliver: Deliver
) -> None:
    """One changes the name while another bans: the newest version must tell of both."""
    [user_id] = await _insert(auth_owner, "ada")
    connections = [
        await asyncpg.connect(migrated.url("farout_auth_service", "farout_auth")) for _ in range(6)
    ]
    statements = (
        "UPDATE users SET username = 'ada-' || $2::text WHERE id = $1",
        "UPDATE users SET email = $2::text || '@x.org' WHERE id = $1",
        "UPDATE account_security SET banned_at = now(), ban_reason = $2::text WHERE user_id = $1",
    )

    async def change(number: int) -> None:
        for round_ in range(25):
            statement = statements[(number + round_) % 3]
            await connections[number].execute(statement, user_id, f"{number}-{round_}")

    await asyncio.gather(*(change(number) for number in range(6)))
    for connection in connections:
        await connection.close()

    versions = [one["version"] for one in await _outbox(auth_owner)]
    assert len(set(versions)) == len(versions)
    assert max(versions) == await auth_owner.fetchval("SELECT version FROM account_security")
    while await deliver():
        pass
    assert await in_step(auth_owner, community_owner)


async def test_a_first_login_is_one_event_that_holds_the_profile(
    farout: Farout, auth_owner: Connection
) -> None:
    async with farout.browser() as browser:
        await browser.sign_in()
        await browser.sign_in()

    [created] = await _outbox(auth_owner)
    assert created["type"] == "user.created"
    assert created["payload"]["profile"]["display_name"]
    assert created["payload"]["profile"]["avatar_url"].startswith("https://")


async def test_a_login_is_in_the_mirror_before_the_browser_goes_on(
    farout: Farout, auth_owner: Connection, community_owner: Connection
) -> None:
    async with farout.browser() as browser:
        await browser.sign_in()

    assert await in_step(auth_owner, community_owner)


async def test_the_event_of_a_login_makes_the_profile_if_the_login_could_not(
    farout: Farout, community_owner: Connection, deliver: Deliver
) -> None:
    async with farout.browser() as browser:
        await browser.sign_in()
    wanted = await one_row(community_owner, "SELECT display_name, avatar_url FROM members")
    await community_owner.execute("DELETE FROM members; DELETE FROM userbase")

    await deliver()

    assert await one_row(community_owner, "SELECT display_name, avatar_url FROM members") == wanted
