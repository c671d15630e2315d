"""Roles and deactivation, the audit trail, and the last admin under concurrency."""

import asyncio
import json

import pytest

from backend.auth.users.actions import change_user
from backend.auth.users.errors import LastAdmin
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection


async def _uid(browser: Browser) -> str:
    uid: str = (await browser.get("/auth/session")).json()["user"]["uid"]
    return uid


async def test_a_role_change_counts_at_once_and_is_written_down(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    uid = await _uid(cosmo)
    assert (await cosmo.get("/auth/users")).status_code == 403

    answer = await admin.patch(f"/auth/users/{uid}", json={"role": "admin"})

    assert answer.json()["role"] == "admin"
    assert (await cosmo.get("/auth/users")).status_code == 200
    [entry] = await auth_owner.fetch(
        "SELECT * FROM audit_log WHERE action = 'user.role_changed' AND target_uid = $1", uid
    )
    assert str(entry["actor_uid"]) == await _uid(admin)
    assert json.loads(entry["details"]) == {"before": "member", "after": "admin"}
    assert entry["request_id"] == answer.headers["x-request-id"]


async def test_a_deactivated_user_is_out_at_once_and_stays_out(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    token = (await cosmo.post("/auth/token")).json()["access_token"]
    uid = await _uid(cosmo)

    await admin.patch(f"/auth/users/{uid}", json={"is_active": False})

    assert (await cosmo.get("/auth/session")).status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await farout.browser().get("/auth/session", headers=bearer)).status_code == 401
    again = await cosmo.approve(await cosmo.begin(), COSMO_ID)
    assert (again.status_code, again.json()["code"]) == (403, "account_deactivated")

    await admin.patch(f"/auth/users/{uid}", json={"is_active": True})
    assert (await cosmo.get("/auth/session")).status_code == 401
    assert (await cosmo.sign_in(COSMO_ID)).status_code == 303
    actions = [row["action"] for row in await auth_owner.fetch("SELECT action FROM audit_log")]
    assert actions.count("user.deactivated") == actions.count("user.reactivated") == 1


async def test_the_last_admin_stays(admin: Browser) -> None:
    uid = await _uid(admin)

    for change in ({"role": "member"}, {"is_active": False}, {"role": "officer"}):
        answer = await admin.patch(f"/auth/users/{uid}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    assert (await admin.get("/auth/users")).status_code == 200


@pytest.mark.parametrize("change", [{"role": "member"}, {"is_active": False}])
async def test_two_admins_who_remove_each_other_leave_one(
    farout: Farout, auth_owner: Connection, change: dict[str, object]
) -> None:
    for _ in range(10):
        browsers = [await farout.signed_in(one, role="admin") for one in (NOVA_ID, COSMO_ID)]
        uids = [await _uid(browser) for browser in browsers]

        results = await asyncio.gather(
            *(change_user(farout.auth, uid, **change, by=None) for uid in uids),  # type: ignore[arg-type]
            return_exceptions=True,
        )

        assert sum(isinstance(result, LastAdmin) for result in results) == 1, results
        active = "SELECT count(*) FROM users WHERE role = 'admin' AND is_active"
        assert await auth_owner.fetchval(active) == 1
        await auth_owner.execute("UPDATE users SET is_active = true")


async def test_lists_users_page_by_page_without_a_gap(farout: Farout, admin: Browser) -> None:
    names = [f"user.{number:02}" for number in range(25)]
    for number, name in enumerate(names):
        farout.standin.add_person({"id": str(520_000_000_000_000_000 + number), "username": name})
        await farout.browser().sign_in(str(520_000_000_000_000_000 + number))

    found: list[str] = []
    cursor = ""
    while True:
        query = {"search": "USER.", "limit": "10"} | ({"cursor": cursor} if cursor else {})
        page = (await admin.get("/auth/users", params=query)).json()
        found += [item["username"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break

    assert found == names


@pytest.mark.parametrize("search", ["cosmo", COSMO_ID, "COSMO.L@EXAMPLE.COM"])
async def test_finds_a_user_by_name_id_or_address(
    farout: Farout, admin: Browser, auth_owner: Connection, search: str
) -> None:
    await farout.signed_in(COSMO_ID)
    await auth_owner.execute(
        "UPDATE users SET email = 'cosmo.l@example.com' WHERE discord_id = $1", COSMO_ID
    )

    page = (await admin.get("/auth/users", params={"search": search})).json()

    assert [item["discord_id"] for item in page["items"]] == [COSMO_ID]


async def test_filters_by_role(farout: Farout, admin: Browser) -> None:
    await farout.signed_in(COSMO_ID, role="officer")

    page = (await admin.get("/auth/users", params={"role": "officer"})).json()

    assert [item["discord_id"] for item in page["items"]] == [COSMO_ID]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 422),
        ({"role": "owner"}, 422),
        ({"role": None, "is_active": None}, 422),
        ({"is_active": "false"}, 422),
        ({"role": "admin", "id": 1}, 422),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(
    admin: Browser, change: dict[str, object], status: int
) -> None:
    answer = await admin.patch(f"/auth/users/{await _uid(admin)}", json=change)

    assert answer.status_code == status
    assert answer.json()["code"] == "invalid_request"


@pytest.mark.parametrize("cursor", ["x", "W10", "bnVsbA", "WyJhIiwgIjEiXQ", "%ff", "=" * 600])
async def test_a_forged_cursor_is_refused(admin: Browser, cursor: str) -> None:
    answer = await admin.get("/auth/users", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_members_and_officers_may_not(farout: Farout) -> None:
    for person, role in ((NOVA_ID, "member"), (COSMO_ID, "officer")):
        browser = await farout.signed_in(person, role=role)  # type: ignore[arg-type]
        uid = await _uid(browser)
        for answer in (
            await browser.get("/auth/users"),
            await browser.patch(f"/auth/users/{uid}", json={"role": "admin"}),
            await browser.post(f"/admin/users/{uid}/role", data={"role": "admin"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")


async def test_an_unknown_user_is_not_found(admin: Browser) -> None:
    answer = await admin.patch(
        "/auth/users/0198c0de-0000-7000-8000-000000000001", json={"role": "admin"}
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
