"""Deleting one's account: two weeks to change one's mind, then nothing is left on the auth side."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from backend.auth.audit_log.actions import seal
from backend.auth.audit_log.chain import key_place, link_hash, seal_proof
from backend.auth.audit_log.queries import list_links, list_seals
from backend.auth.audit_log.verification import verify
from backend.auth.deletion.erasing import erase, erase_due
from backend.auth.discord_tokens.revoking import revoke_given_up
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.auth.local_accounts import EMAIL, NAME, code_of, member, sign_in
from tests.fixtures.application import Browser, Farout, one_row
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, text_of
from tests.fixtures.people import (
    PASSWORD,
    enrol,
    make_local_user,
    signed_in_with_password,
    stale,
    uid_of,
)
from tests.security.dumps import occurrences
from tests.security.replicas import another_replica

ACTIONS = "SELECT action FROM audit_log WHERE action LIKE 'account.%' ORDER BY id"
AVATAR = "a_0123456789abcdef0123456789abcdef"
HOME = "198.51.100.77"


async def ask(browser: Browser, name: str | None = None) -> httpx2.Response:
    if name is None:
        name = (await browser.get("/auth/session")).json()["user"]["username"]
    return await browser.post("/auth/deletion", json={"username": name})


async def two_weeks_pass(owner: Connection) -> None:
    await owner.execute("UPDATE account_deletions SET due_at = now()")


def at_home(farout: Farout) -> Browser:
    """A browser with an address that nobody else has."""
    browser = farout.browser()
    browser._transport = httpx2.ASGITransport(app=farout.app, client=(HOME, 50000))
    return browser


async def erased(farout: Farout, owner: Connection, person: str = COSMO_ID) -> str:
    """Let a person sign in, ask, and be erased; returns the uid that they had."""
    browser = await farout.signed_in(person)
    uid = await uid_of(browser)
    assert (await ask(browser)).status_code == 202
    await two_weeks_pass(owner)
    assert await erase_due(farout.auth) == 1
    return uid


async def test_the_page_says_beforehand_what_stays(farout: Farout) -> None:
    """Published texts stay as they are, so their author has to hear of it while they can be changed."""
    page = (await (await farout.signed_in(COSMO_ID)).get("/account/deletion")).text

    assert "Posts and mission reports that you published" in page
    assert "stay as you wrote them" in page


async def test_asking_signs_out_everywhere_and_names_the_day(
    farout: Farout, auth_owner: Connection
) -> None:
    laptop, phone = [await farout.signed_in(COSMO_ID) for _ in range(2)]
    token = (await phone.post("/auth/token")).json()["access_token"]

    answer = await ask(laptop)

    assert answer.status_code == 202
    due_at = datetime.fromisoformat(answer.json()["due_at"])
    assert timedelta(days=13, hours=23) < due_at - datetime.now(UTC) <= timedelta(days=14)
    for response in (
        await laptop.get("/auth/session"),
        await phone.get("/auth/session"),
        await farout.browser().get("/auth/session", headers={"Authorization": f"Bearer {token}"}),
    ):
        assert response.status_code == 401
    assert [row[0] for row in await auth_owner.fetch(ACTIONS)] == ["account.deletion_requested"]


async def test_until_then_nothing_is_open_but_the_way_back(
    farout: Farout, auth_owner: Connection
) -> None:
    browser = await farout.signed_in(COSMO_ID)
    await ask(browser)
    await browser.sign_in(COSMO_ID)

    session = (await browser.get("/auth/session")).json()
    assert session["user"]["deletion_due_at"] is not None
    for path in ("/auth/sessions", "/api/members/me", "/api/members"):
        assert code_of(await browser.get(path)) == (403, "deletion_pending")
    assert (await browser.get("/api/own-data")).status_code == 200
    html = {"Accept": "text/html"}
    page = await browser.get("/account", headers=html)
    assert (page.status_code, page.headers["location"]) == (303, "/account/deletion")
    assert "Keep my account" in (await browser.get("/account/deletion", headers=html)).text

    kept = await browser.post("/account/deletion/cancel")

    assert kept.headers["location"] == "/account?done=kept"
    assert (await browser.get("/api/members/me")).status_code == 200
    assert code_of(await browser.delete("/auth/deletion")) == (409, "deletion_not_pending")
    assert await erase_due(farout.auth) == 0
    assert [row[0] for row in await auth_owner.fetch(ACTIONS)] == [
        "account.deletion_requested",
        "account.deletion_cancelled",
    ]


async def test_a_leaver_with_a_second_factor_proves_it_to_download(
    farout: Farout, auth_owner: Connection
) -> None:
    """Discord is one factor: signing in with it again is not proof enough."""
    browser = await farout.signed_in(COSMO_ID)
    secret, codes = await enrol(browser)
    await ask(browser)
    await browser.sign_in(COSMO_ID)
    assert code_of(await browser.get("/api/own-data")) == (403, "step_up_required")

    assert (await browser.post("/auth/step-up", json={"code": codes[0]})).status_code == 204

    document = (await browser.get("/api/own-data")).json()
    assert len(document["auth"]["recovery_codes"]) == 10
    assert len(document["auth"]["account_deletions"]) == 1
    assert secret not in str(document)


async def test_it_needs_a_fresh_proof_and_the_own_name(
    farout: Farout, auth_owner: Connection
) -> None:
    browser = await farout.signed_in(COSMO_ID)

    assert code_of(await ask(browser, "somebody else")) == (400, "confirmation_wrong")
    await stale(auth_owner)
    assert code_of(await ask(browser)) == (403, "step_up_required")
    page = await browser.get("/account/deletion", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/step-up?next=%2Faccount%2Fdeletion"

    assert await auth_owner.fetchval("SELECT count(*) FROM account_deletions") == 0


async def test_the_owner_is_told_by_mail(farout: Farout, mailbox: Mailbox) -> None:
    browser = await member(farout, mailbox)
    await ask(browser)

    told = await mailbox.next(farout.auth, EMAIL)
    assert told["Subject"] == "Your account will be deleted"
    due = datetime.now(UTC) + timedelta(days=14)
    assert f"{due:%-d %B %Y}" in text_of(told)

    await sign_in(browser)
    assert (await browser.delete("/auth/deletion")).status_code == 204
    assert (await mailbox.next(farout.auth, EMAIL))["Subject"] == "Your account stays"


async def test_the_last_admin_stays(farout: Farout, admin: Browser) -> None:
    assert code_of(await ask(admin)) == (409, "last_admin")

    other = await farout.signed_in(COSMO_ID, role="admin")
    assert (await ask(other)).status_code == 202
    # Whoever is about to go is not counted any more.
    assert code_of(await ask(admin)) == (409, "last_admin")
    name = (await admin.get("/auth/session")).json()["user"]["username"]
    page = await admin.post("/account/deletion", data={"username": name})
    assert page.status_code == 409
    assert "last active admin" in page.text


async def test_admins_see_who_is_about_to_go(farout: Farout, admin: Browser) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    uid = await uid_of(cosmo)
    due_at = (await ask(cosmo)).json()["due_at"]

    users = (await admin.get("/auth/users")).json()["items"]
    assert [user["deletion_due_at"] for user in users if user["uid"] == uid] == [due_at]
    page = (await admin.get(f"/admin/users/{uid}")).text
    assert "asked for by the user; erased on" in page


async def a_busy_life(farout: Farout, mailbox: Mailbox, owner: Connection) -> tuple[Browser, str]:
    """Somebody with a password, Discord, and rows in every table that a person can have rows in."""
    browser = at_home(farout)
    await browser.sign_in(COSMO_ID)
    uid = await uid_of(browser)
    await owner.execute(
        "UPDATE users SET hashed_password = $1, email = $2, avatar = $4 WHERE discord_id = $3",
        await farout.auth.passwords.hash(PASSWORD), EMAIL, COSMO_ID, AVATAR,
    )  # fmt: skip
    await browser.post("/auth/token")
    await browser.post("/auth/totp")
    body = {"new_email": "second@example.test", "current_password": PASSWORD}
    assert (await browser.post("/auth/email/change", json=body)).status_code < 300
    await farout.browser().post("/auth/password/forgot", json={"email": EMAIL})
    name = (await browser.get("/auth/session")).json()["user"]["username"]
    login = {"identifier": name, "password": PASSWORD}
    assert (await at_home(farout).post("/auth/login", json=login)).status_code == 200
    await at_home(farout).post("/auth/login", json=login | {"password": "wrong"})
    return browser, uid


async def test_then_nothing_personal_is_left_and_the_log_still_fits(
    farout: Farout, auth_owner: Connection, mailbox: Mailbox, admin: Browser
) -> None:
    browser, uid = await a_busy_life(farout, mailbox, auth_owner)
    await admin.post(f"/auth/users/{uid}/ban", json={"reason": "a secret of Cosmo's"})
    await admin.post(f"/auth/users/{uid}/unban")
    await browser.sign_in(COSMO_ID)
    await auth_owner.execute("UPDATE users SET avatar = $1 WHERE discord_id = $2", AVATAR, COSMO_ID)
    user = await one_row(auth_owner, f"SELECT * FROM users WHERE discord_id = '{COSMO_ID}'")
    others = await auth_owner.fetch("SELECT * FROM users WHERE discord_id = $1", NOVA_ID)
    # Part of it is in the chain already, part is not.
    await seal(farout.auth)
    assert (await ask(browser)).status_code == 202
    personal = [user["username"], EMAIL, "second@example.test", COSMO_ID, AVATAR, HOME]
    personal.append("a secret of Cosmo's")
    assert all([await occurrences(auth_owner, word) for word in personal])

    await two_weeks_pass(auth_owner)
    assert await erase_due(farout.auth) == 1

    assert [await occurrences(auth_owner, word) for word in personal] == [[]] * len(personal)
    assert await auth_owner.fetch("SELECT * FROM users WHERE discord_id = $1", NOVA_ID) == others
    about = "SELECT count(*) FROM audit_log WHERE target_uid = $1"
    assert await auth_owner.fetchval(about, uid) > 5
    admins = "SELECT ip FROM audit_log WHERE action = 'user.banned'"
    assert await auth_owner.fetchval(admins) is not None
    await seal(farout.auth)
    verdict = await verify(farout.auth)
    assert (verdict.problems, verdict.unsealed) == ([], 0)
    assert verdict.erased > 5


async def test_discord_is_told_that_the_authorization_is_over(
    farout: Farout, auth_owner: Connection
) -> None:
    await erased(farout, auth_owner)

    assert await auth_owner.fetchval("SELECT count(*) FROM oauth_revocations") == 0
    assert farout.standin.state.registry.by_refresh_token == {}
    assert await revoke_given_up(farout.auth) == 0


async def test_whoever_comes_back_is_somebody_new(farout: Farout, auth_owner: Connection) -> None:
    before = await erased(farout, auth_owner)

    browser = await farout.signed_in(COSMO_ID)

    assert await uid_of(browser) != before
    assert (await browser.get("/api/members/me")).status_code == 200


@pytest.mark.parametrize("how", ["the deletion", "an address", "details", "a salt", "a hash"])
async def test_nobody_empties_the_entries_of_those_who_are_still_here(
    farout: Farout, auth_owner: Connection, how: str
) -> None:
    await erased(farout, auth_owner)
    uid = await uid_of(await farout.signed_in(NOVA_ID))
    await seal(farout.auth)
    assert (await verify(farout.auth)).problems == []

    if how == "the deletion":
        await auth_owner.execute(
            "UPDATE audit_log SET target_uid = $1 WHERE action = 'account.erased'", uid
        )
    elif how == "a hash":
        # As if an earlier version had sealed it, whose links cover what is gone.
        await auth_owner.execute(
            "WITH changed AS (UPDATE audit_log SET action = 'x' WHERE target_uid = ("
            "  SELECT target_uid FROM audit_log WHERE action = 'account.erased'"
            ") AND action = 'account.deletion_requested' RETURNING id)"
            " UPDATE audit_links SET ip_hash = NULL, details_hash = NULL"
            " FROM changed WHERE entry_id = changed.id"
        )
    elif how == "an address":
        await auth_owner.execute("UPDATE audit_log SET ip = NULL WHERE actor_uid = $1", uid)
    else:
        await auth_owner.execute("UPDATE audit_log SET details = '{}' WHERE target_uid = $1", uid)
        if how == "a salt":
            await auth_owner.execute("UPDATE audit_links SET details_salt = NULL")

    assert (await verify(farout.auth)).problems != []


async def test_the_service_empties_nothing_by_itself(
    farout: Farout, auth_owner: Connection
) -> None:
    """It may call the function, which looks for people who are gone, and finds none."""
    browser = await farout.signed_in(COSMO_ID)
    uid = await uid_of(browser)
    entries = "SELECT * FROM audit_log WHERE action <> 'account.erased' ORDER BY id"
    before = await auth_owner.fetch(entries)
    await auth_owner.execute(
        "INSERT INTO audit_log (action, target_uid) VALUES ('account.erased', $1)", uid
    )

    assert await erase_due(farout.auth) == 0

    assert await auth_owner.fetch(entries) == before


async def test_an_entry_that_comes_late_is_emptied_at_the_next_look(
    farout: Farout, auth_owner: Connection
) -> None:
    uid = await erased(farout, auth_owner)
    await auth_owner.execute(
        "INSERT INTO audit_log (action, target_uid, ip, details)"
        " VALUES ('sign_in.failed', $1, '198.51.100.77', '{\"method\": \"password\"}')",
        uid,
    )

    await erase_due(farout.auth)

    assert await occurrences(auth_owner, HOME) == []


async def test_two_erasers_and_a_change_of_mind_agree(
    farout: Farout, auth_owner: Connection
) -> None:
    """Everybody at once, again and again: either the account stays whole or it is gone."""
    kept = 0
    async with another_replica(farout) as replica:
        for _ in range(8):
            browser = await farout.signed_in(COSMO_ID)
            await ask(browser)
            await browser.sign_in(COSMO_ID)
            await two_weeks_pass(auth_owner)
            user_id = await auth_owner.fetchval("SELECT user_id FROM account_deletions")

            first, mind, second = await asyncio.gather(
                erase(farout.auth, user_id),
                browser.delete("/auth/deletion"),
                erase(replica.auth, user_id),
            )

            assert (first + second, mind.status_code) in {(1, 409), (1, 401), (0, 204)}
            users = await auth_owner.fetchval("SELECT count(*) FROM users")
            assert users == (1 if mind.status_code == 204 else 0)
            kept += users
            if users:
                await auth_owner.execute("DELETE FROM users")
            await browser.aclose()
    erasures = "SELECT count(*) FROM audit_log WHERE action = 'account.erased'"
    assert await auth_owner.fetchval(erasures) == 8 - kept


async def test_one_that_cannot_be_erased_keeps_no_other_waiting(
    farout: Farout, auth_owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    for person in (COSMO_ID, NOVA_ID):
        await ask(await farout.signed_in(person))
    await two_weeks_pass(auth_owner)
    await auth_owner.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF OLD.discord_id = '{COSMO_ID}' THEN RAISE EXCEPTION 'no'; END IF; RETURN OLD; END $$;"
        "CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    try:
        assert await erase_due(farout.auth) == 1
    finally:
        await auth_owner.execute("DROP FUNCTION refuse() CASCADE")

    assert "an account was not erased" in caplog.text
    # Nothing of the one that failed was changed.
    left = await one_row(auth_owner, "SELECT * FROM users")
    assert left["discord_id"] == COSMO_ID
    assert await auth_owner.fetchval("SELECT count(*) FROM oauth_tokens") == 1
    assert await erase_due(farout.auth) == 1


async def test_a_local_account_can_go_too(farout: Farout, auth_owner: Connection) -> None:
    await make_local_user(farout, auth_owner, NAME)
    browser = await signed_in_with_password(farout, NAME)

    assert (await ask(browser)).status_code == 202
    await two_weeks_pass(auth_owner)
    assert await erase_due(farout.auth) == 1

    assert await occurrences(auth_owner, NAME) == []


async def _seal_as_an_earlier_version_did(farout: Farout, owner: Connection) -> None:
    """Let the chain cover addresses and details themselves, as it did before there were salts."""
    await seal(farout.auth)
    async with farout.auth.database.transaction() as db:
        [today] = await list_seals(db)
        links = await list_links(db, today.day, after=0, limit=1000)
    key = farout.auth.key_ring.decrypt(today.key, place=key_place(today.day))
    head = today.previous_head
    for link, entry in links:
        assert entry is not None
        link.ip_hash = link.details_hash = None
        head = link_hash(key, head, entry, link)
        await owner.execute(
            "UPDATE audit_links SET hash = $1, ip_hash = NULL, ip_salt = NULL, details_hash = NULL,"
            " details_salt = NULL WHERE entry_id = $2",
            head, entry.id,
        )  # fmt: skip
    today.head = head
    proof = seal_proof(key, today)
    await owner.execute("UPDATE audit_seals SET head = $1, proof = $2", head, proof)


async def test_what_an_earlier_version_sealed_is_verified_and_can_be_emptied(
    farout: Farout, auth_owner: Connection
) -> None:
    cosmo, nova = await farout.signed_in(COSMO_ID), await farout.signed_in(NOVA_ID)
    await _seal_as_an_earlier_version_did(farout, auth_owner)
    verdict = await verify(farout.auth)
    assert (verdict.problems, verdict.erased) == ([], 0)

    await ask(cosmo)
    await two_weeks_pass(auth_owner)
    assert await erase_due(farout.auth) == 1

    await seal(farout.auth)
    verdict = await verify(farout.auth)
    assert (verdict.problems, verdict.erased >= 1) == ([], True)
    # Of somebody who is still here nothing may be missing.
    uid = await uid_of(nova)
    await auth_owner.execute("UPDATE audit_log SET details = '{}' WHERE target_uid = $1", uid)
    assert (await verify(farout.auth)).problems != []
