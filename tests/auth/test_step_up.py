"""What is sensitive needs a proof younger than ten minutes."""

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.people import (
    PASSWORD,
    code_for,
    enrol,
    make_local_user,
    signed_in_with_password,
    stale,
    uid_of,
)

UID = "0198c0de-0000-7000-8000-000000000001"
SENSITIVE = [
    ("POST", "/auth/totp", None),
    ("POST", "/auth/totp/confirm", {"code": "1"}),
    ("DELETE", "/auth/totp", None),
    ("POST", "/auth/recovery-codes", None),
    ("POST", "/auth/passkeys/new", None),
    ("POST", "/auth/passkeys", {"challenge": "x", "credential": {}, "name": "x"}),
    ("DELETE", f"/auth/passkeys/{UID}", None),
    ("GET", "/account/factors/totp", None),
    ("POST", "/account/factors/totp", None),
    ("POST", "/account/factors/totp/remove", None),
    ("POST", "/account/factors/recovery-codes", None),
    ("POST", f"/account/factors/passkeys/{UID}/remove", None),
    ("PATCH", f"/auth/users/{UID}", {"role": "member"}),
    ("DELETE", f"/auth/users/{UID}/factors", None),
    ("POST", f"/auth/users/{UID}/impersonate", {"reason": "x"}),
    ("GET", "/auth/audit.csv", None),
]


@pytest.fixture
async def quiet(farout: Farout, auth_owner: Connection) -> Browser:
    await make_local_user(farout, auth_owner, role="admin")
    return await signed_in_with_password(farout)


async def _step_up(browser: Browser, **proof: object) -> tuple[int, str | None]:
    answer = await browser.post("/auth/step-up", json=proof)
    return answer.status_code, answer.json()["code"] if answer.content else None


@pytest.mark.asvs("7.5.1")
@pytest.mark.parametrize(("method", "path", "body"), SENSITIVE)
async def test_after_ten_minutes_nothing_sensitive_is_open(
    quiet: Browser, auth_owner: Connection, method: str, path: str, body: object
) -> None:
    await stale(auth_owner)

    answer = await quiet.request(method, path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")


@pytest.mark.asvs("7.2.4")
async def test_the_password_proves_it_and_renews_the_cookie(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    await stale(auth_owner)
    before = quiet.session_token

    assert await _step_up(quiet, password="not this") == (400, "proof_wrong")
    assert await _step_up(quiet, password=PASSWORD) == (204, None)

    assert quiet.session_token not in (None, before)
    assert (await quiet.post("/auth/totp")).status_code == 200
    copied = farout.browser()
    copied.cookies.set("__Host-farout_session", str(before), domain="farout.test")
    assert (await copied.get("/auth/session")).status_code == 401
    proved = "SELECT extract(epoch FROM elevated_until - now())::int FROM sessions"
    assert 590 <= await auth_owner.fetchval(proved) <= 600


async def test_with_an_app_the_password_is_not_enough(
    quiet: Browser, auth_owner: Connection
) -> None:
    secret, codes = await enrol(quiet)
    await stale(auth_owner)

    assert await _step_up(quiet, password=PASSWORD) == (409, "proof_not_enough")
    assert await _step_up(quiet, code="000000") == (400, "proof_wrong")
    assert await _step_up(quiet, code=code_for(secret)) == (204, None)
    await stale(auth_owner)
    assert await _step_up(quiet, code=code_for(secret)) == (400, "proof_wrong")
    assert await _step_up(quiet, code=codes[0]) == (204, None)


@pytest.mark.asvs("6.8.4")
async def test_a_fresh_sign_in_with_discord_is_a_proof_unless_there_is_an_app(
    farout: Farout, auth_owner: Connection
) -> None:
    nova = await farout.signed_in(NOVA_ID)
    await stale(auth_owner)
    assert (await nova.post("/auth/totp")).status_code == 403
    await nova.sign_in(NOVA_ID)
    secret, _ = await enrol(nova)

    await nova.sign_in(NOVA_ID)

    assert (await nova.delete("/auth/totp")).json()["code"] == "step_up_required"
    assert await _step_up(nova, code=code_for(secret)) == (204, None)
    assert (await nova.delete("/auth/totp")).status_code == 204


async def test_a_session_does_not_help_to_guess_the_proof(
    quiet: Browser, auth_owner: Connection
) -> None:
    await stale(auth_owner)
    for _ in range(11):
        await _step_up(quiet, password="not this")

    assert await _step_up(quiet, password=PASSWORD) == (429, "too_many_attempts")


@pytest.mark.asvs("10.3.4")
async def test_a_token_steps_up_its_session_and_the_cookie_stays(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    token = (await quiet.post("/auth/token")).json()["access_token"]
    await stale(auth_owner)
    program = farout.browser()
    program.headers["Authorization"] = f"Bearer {token}"

    assert await _step_up(program, password=PASSWORD) == (204, None)

    assert (await program.post("/auth/totp")).status_code == 200
    assert (await quiet.get("/auth/session")).status_code == 200


async def test_whoever_looks_through_other_eyes_proves_nothing(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    cosmo = await uid_of(await farout.signed_in(COSMO_ID))
    assert (
        await quiet.post(f"/auth/users/{cosmo}/impersonate", json={"reason": "x"})
    ).status_code == 200
    await auth_owner.execute("UPDATE sessions SET elevated_until = now() + interval '1 hour'")

    assert await _step_up(quiet, password=PASSWORD) == (403, "impersonation_only_looks")
    assert (await quiet.get("/account/factors/totp")).status_code == 403


@pytest.mark.parametrize(
    "proof", [{}, {"password": "x", "code": "y"}, {"code": 123456}, {"passkey": "x"}, {"x": 1}]
)
async def test_a_proof_that_makes_no_sense_is_refused(
    quiet: Browser, proof: dict[str, object]
) -> None:
    assert await _step_up(quiet, **proof) == (422, "invalid_request")


async def test_the_pages_ask_and_come_back(quiet: Browser, auth_owner: Connection) -> None:
    await stale(auth_owner)
    html = {"Accept": "text/html", "Referer": "https://farout.test/account/factors?done=x"}

    sent = await quiet.post("/account/factors/totp", headers=html)
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/step-up?next=%2Faccount%2Ffactors",
    )
    page = await quiet.get(sent.headers["location"], headers=html)
    assert 'name="password"' in page.text
    wrong = await quiet.post("/step-up", data={"password": "x", "next": "/account/factors"})
    assert (wrong.status_code, "does not prove" in wrong.text) == (400, True)
    done = await quiet.post("/step-up", data={"password": PASSWORD, "next": "/account/factors"})
    assert (done.status_code, done.headers["location"]) == (303, "/account/factors")
    assert (await quiet.post("/account/factors/totp", headers=html)).status_code == 303
