"""Deleting one's account lifts no ban: who comes back with the same Discord account meets it again."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2

from backend.auth.bans.actions import ban_user
from backend.auth.deletion.erasing import erase_due
from backend.auth.housekeeping import keep_house
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Farout, one_row
from tests.fixtures.databases import Connection
from tests.fixtures.people import make_local_user, signed_in_with_password, uid_of
from tests.fixtures.servers import run_farout
from tests.security.dumps import occurrences

NOBODY = "http://127.0.0.1:9/api/v10"


async def banned_and_erased(
    farout: Farout, owner: Connection, *, expires_at: datetime | None = None
) -> str:
    """Let Cosmo ask for the deletion, be banned, and be erased; returns the uid that they had."""
    browser = await farout.signed_in(COSMO_ID)
    uid = await uid_of(browser)
    name = (await browser.get("/auth/session")).json()["user"]["username"]
    await browser.post("/auth/deletion", json={"username": name})
    await ban_user(farout.auth, UUID(uid), reason="spam", expires_at=expires_at, by=None)
    await owner.execute("UPDATE account_deletions SET due_at = now()")
    assert await erase_due(farout.auth) == 1
    return uid


async def sign_in(farout: Farout) -> httpx2.Response:
    async with farout.browser() as browser:
        return await browser.approve(await browser.begin(), COSMO_ID)


async def test_a_ban_outlives_its_account(farout: Farout, auth_owner: Connection) -> None:
    uid = await banned_and_erased(farout, auth_owner)

    refused = await sign_in(farout)

    assert (refused.status_code, refused.json()["code"]) == (403, "account_banned")
    assert uid in refused.json()["detail"]
    # Nothing was made, and nobody can tell from the database who it is.
    assert await auth_owner.fetchval("SELECT count(*) FROM users") == 0
    assert await occurrences(auth_owner, COSMO_ID) == []
    assert (await farout.signed_in(NOVA_ID)).session_token is not None


async def test_it_cannot_be_linked_to_another_account_either(
    farout: Farout, auth_owner: Connection
) -> None:
    await banned_and_erased(farout, auth_owner)
    await make_local_user(farout, auth_owner)
    browser = await signed_in_with_password(farout)
    begun = await browser.get("/auth/discord/link")

    refused = await browser.approve(begun.headers["location"], COSMO_ID)

    assert (refused.status_code, refused.json()["code"]) == (403, "account_banned")
    assert await auth_owner.fetchval("SELECT count(discord_id) FROM users") == 0


async def test_it_ends_when_the_ban_does(farout: Farout, auth_owner: Connection) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await banned_and_erased(farout, auth_owner, expires_at=tomorrow)
    refused = await sign_in(farout)
    assert refused.json()["banned_until"] == tomorrow.isoformat()

    await auth_owner.execute("UPDATE kept_bans SET expires_at = now()")
    assert (await sign_in(farout)).status_code == 303

    await keep_house(farout.auth)
    assert await auth_owner.fetchval("SELECT count(*) FROM kept_bans") == 0


async def test_a_ban_that_is_over_is_not_kept(farout: Farout, auth_owner: Connection) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    browser = await farout.signed_in(COSMO_ID)
    await ban_user(farout.auth, UUID(await uid_of(browser)), reason="x", expires_at=soon, by=None)
    await auth_owner.execute(
        "UPDATE account_security SET ban_expires_at = now();"
        "INSERT INTO account_deletions (user_id, due_at) SELECT id, now() FROM users"
    )

    assert await erase_due(farout.auth) == 1

    assert await auth_owner.fetchval("SELECT count(*) FROM kept_bans") == 0


async def test_an_operator_lifts_it(farout: Farout, auth_owner: Connection) -> None:
    uid = await banned_and_erased(farout, auth_owner)

    run = await asyncio.to_thread(run_farout, farout.auth.settings, "users", "unban", uid)

    assert run.returncode == 0, run.stderr
    assert (await sign_in(farout)).status_code == 303
    entry = await one_row(auth_owner, "SELECT * FROM audit_log WHERE action = 'user.unbanned'")
    assert str(entry["target_uid"]) == uid


async def test_an_admin_sees_them_and_lifts_one(farout: Farout, auth_owner: Connection) -> None:
    uid = await banned_and_erased(farout, auth_owner)
    over = await auth_owner.fetchval(
        "INSERT INTO kept_bans (uid, key, discord_hash, banned_at, expires_at)"
        " VALUES (uuidv7(), 'x', 'x', now(), now()) RETURNING uid"
    )
    admin = await farout.signed_in(NOVA_ID, role="admin")

    page = (await admin.get("/admin/kept-bans")).text
    assert uid in page
    assert "for good" in page
    assert str(over) not in page
    listed = (await admin.get("/auth/kept-bans")).json()
    assert [one["uid"] for one in listed["items"]] == [uid]

    lifted = await admin.post(f"/admin/kept-bans/{uid}/lift")
    assert lifted.headers["location"] == "/admin/kept-bans?done=lifted"
    assert "No ban has outlived its account." in (await admin.get("/admin/kept-bans")).text
    again = await admin.delete(f"/auth/kept-bans/{uid}")
    assert (again.status_code, again.json()["code"]) == (404, "kept_ban_not_found")
    assert (await sign_in(farout)).status_code == 303
    entry = await one_row(auth_owner, "SELECT * FROM audit_log WHERE action = 'user.unbanned'")
    assert (str(entry["actor_uid"]), str(entry["target_uid"])) == (await uid_of(admin), uid)
    assert entry["ip"] is not None


async def test_many_come_in_pages(farout: Farout, auth_owner: Connection) -> None:
    await auth_owner.execute(
        "INSERT INTO kept_bans (uid, key, discord_hash, banned_at)"
        " SELECT uuidv7(), 'x', 'x', now() FROM generate_series(1, 120)"
    )
    admin = await farout.signed_in(NOVA_ID, role="admin")
    seen: list[str] = []
    address = "/auth/kept-bans?limit=50"

    while address:
        page = (await admin.get(address)).json()
        seen += [one["uid"] for one in page["items"]]
        cursor = page["next_cursor"]
        address = f"/auth/kept-bans?limit=50&cursor={cursor}" if cursor else ""

    assert len(set(seen)) == len(seen) == 120
    assert seen == sorted(seen, reverse=True)
    assert 'rel="next"' in (await admin.get("/admin/kept-bans")).text
    bad = await admin.get("/auth/kept-bans?cursor=WyJ4IiwwXQ")
    assert (bad.status_code, bad.json()["code"]) == (400, "cursor_invalid")


async def test_an_operator_erases_somebody_who_cannot_sign_in(
    farout: Farout, auth_owner: Connection
) -> None:
    uid = await uid_of(await farout.signed_in(COSMO_ID))
    admin = await uid_of(await farout.signed_in(NOVA_ID, role="admin"))

    run = await asyncio.to_thread(
        run_farout,
        farout.auth.settings,
        "users",
        "erase",
        uid,
        "--yes",
        DISCORD_API_BASE_URL=NOBODY,
    )
    last = await asyncio.to_thread(
        run_farout,
        farout.auth.settings,
        "users",
        "erase",
        admin,
        "--yes",
        DISCORD_API_BASE_URL=NOBODY,
    )

    assert run.returncode == 0, run.stderr
    assert (last.returncode, "last active admin" in last.stderr) == (1, True)
    assert await occurrences(auth_owner, COSMO_ID) in ([], ["public.oauth_revocations"])
    assert await auth_owner.fetchval("SELECT discord_id FROM users") == NOVA_ID
