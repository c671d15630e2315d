"""Registration codes: made by admins, shown once, used as often as they say and not once more."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.auth.local_accounts import (
    EMAIL,
    NAME,
    PASSWORD,
    at_a_shell,
    code_of,
    register,
    settings,
    sign_in,
)
from tests.fixtures.application import ORIGIN, Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, token_in

CODES = "/auth/registration-codes"


@pytest.fixture
async def by_code(farout: Farout) -> Any:
    with settings(farout, registration_mode="code"):
        yield farout


async def make(admin: Browser, **wanted: object) -> str:
    answer = await admin.post(CODES, json=wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


@pytest.mark.usefixtures("by_code")
async def test_a_code_opens_registration_and_carries_a_role(
    farout: Farout, admin: Browser, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    code = await make(admin, role="officer", note="the old crew")
    assert code_of(await register(browser)) == (403, "registration_code_refused")

    typed = f" {code.upper().replace('-', ' ')} "
    assert (await register(browser, code=typed)).status_code == 202

    # The role comes with the confirmed address, not before.
    assert await auth_owner.fetchval("SELECT role FROM users WHERE username = $1", NAME) == "member"
    token = token_in(await mailbox.next(farout.auth, EMAIL))
    await browser.post("/auth/email/verify", json={"token": token})
    assert (await sign_in(browser)).json()["user"]["role"] == "officer"
    again = await register(browser, name="second", email="second@example.test", code=code)
    assert code_of(again) == (403, "registration_code_refused")
    [item] = (await admin.get(CODES)).json()["items"]
    assert (item["uses"], item["max_uses"], item["note"]) == (1, 1, "the old crew")


@pytest.mark.usefixtures("by_code")
async def test_a_code_used_by_fifty_at_once_lets_exactly_as_many_in_as_it_says(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    code = await make(admin, max_uses=7)

    async def try_to(number: int) -> int:
        while True:
            answer = await register(
                farout.browser(), name=f"person{number}", email=f"p{number}@example.test", code=code
            )
            # No more than thirty passwords wait to be hashed; the others are told to come again.
            if answer.status_code != 503:
                return answer.status_code
            await asyncio.sleep(0)

    statuses = await asyncio.gather(*(try_to(number) for number in range(50)))

    assert sorted(statuses) == [202] * 7 + [403] * 43
    assert await auth_owner.fetchval("SELECT uses FROM registration_codes") == 7
    assert await auth_owner.fetchval("SELECT count(*) FROM users WHERE discord_id IS NULL") == 7


@pytest.mark.usefixtures("by_code")
async def test_a_registration_that_fails_does_not_use_the_code_up(
    farout: Farout, admin: Browser, browser: Browser
) -> None:
    code = await make(admin)
    assert (await register(browser, name="nova.reyes", code=code)).status_code == 409

    assert (await register(browser, code=code)).status_code == 202


@pytest.mark.usefixtures("by_code")
async def test_a_code_ends_by_time_and_by_an_admins_hand(
    admin: Browser, browser: Browser, auth_owner: Connection
) -> None:
    late, revoked = await make(admin), await make(admin)
    newest, oldest = (await admin.get(CODES)).json()["items"]
    await auth_owner.execute(
        "UPDATE registration_codes SET expires_at = now() WHERE id = $1", int(oldest["id"])
    )
    assert (await admin.delete(f"{CODES}/{newest['id']}")).status_code == 204
    assert (await admin.delete(f"{CODES}/{newest['id']}")).status_code == 404

    for code in (late, revoked, "aaaaaaa-aaaaaaa-aaaaaaa-aaaaaaa", "x", "\0", "é" * 28):
        answer = await register(browser, code=code)
        assert code_of(answer) == (403, "registration_code_refused")


@pytest.mark.asvs("6.4.1")
async def test_a_code_is_random_and_only_its_hash_is_kept(
    admin: Browser, auth_owner: Connection
) -> None:
    codes = {await make(admin, max_uses=2) for _ in range(20)}

    assert len(codes) == 20
    assert all(len(code.replace("-", "")) == 28 for code in codes)
    listed = (await admin.get(CODES)).text
    rows = str([dict(row) for row in await auth_owner.fetch("SELECT * FROM registration_codes")])
    log = str([dict(row) for row in await auth_owner.fetch("SELECT * FROM audit_log")])
    for code in codes:
        for kept in (listed, rows, log):
            assert code not in kept
            assert code.replace("-", "") not in kept


async def test_only_admins_make_and_see_codes(farout: Farout, browser: Browser) -> None:
    officer = await farout.signed_in(role="officer")

    for somebody, status in ((browser, 401), (officer, 403)):
        for answer in (
            await somebody.post(CODES, json={}),
            await somebody.get(CODES),
            await somebody.delete(f"{CODES}/1"),
        ):
            assert answer.status_code == status


async def test_the_list_goes_on_page_by_page(admin: Browser) -> None:
    for number in range(5):
        await make(admin, note=f"{number}")

    notes, cursor = [], ""
    while True:
        page = (await admin.get(f"{CODES}?limit=2{cursor}")).json()
        notes += [item["note"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert notes == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"max_uses": 0}, {"max_uses": 10_001}, {"days": 0}, {"role": "owner"}, {"note": "x" * 101},
        {"note": "a\nb"}, {"note": "\0"}, {"code": "mine"},
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused(admin: Browser, wanted: dict[str, object]) -> None:
    assert (await admin.post(CODES, json=wanted)).status_code == 422
    assert (await admin.delete(f"{CODES}/{2**63}")).status_code == 422


async def test_in_an_open_site_a_code_is_welcome_and_not_needed(
    farout: Farout, admin: Browser, browser: Browser
) -> None:
    assert (await register(browser)).status_code == 202
    bad = await register(browser, name="two", email="two@example.test", code="nonsense")
    assert code_of(bad) == (403, "registration_code_refused")


async def test_an_operator_makes_one_at_a_shell(
    farout: Farout, browser: Browser, auth_owner: Connection
) -> None:
    def run(*arguments: str) -> str:
        return at_a_shell(farout, "users", "codes", *arguments)

    printed = await asyncio.to_thread(run, "make", "--uses", "3", "--note", "friends")
    code = printed.split()[printed.split().index("now:") + 1]

    assert f"{ORIGIN}/register?code={code}" in printed
    with settings(farout, registration_mode="code"):
        form = await browser.get(f"/register?code={code}")
        assert code in form.text
        given = {"username": NAME, "email": EMAIL, "password": PASSWORD, "repeated": PASSWORD}
        sent: httpx2.Response = await browser.post("/register", data=given | {"code": code})
        assert sent.status_code == 303
    listed = await asyncio.to_thread(run, "list")
    assert "1 of 3" in listed
    assert "friends" in listed
    assert code not in listed
    code_id = await auth_owner.fetchval("SELECT id FROM registration_codes")
    assert "is revoked" in await asyncio.to_thread(run, "revoke", str(code_id))
