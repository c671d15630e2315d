"""Passkeys against hostile answers; tests/browser shows them in a real browser."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout
from tests.fixtures.authenticator import PRESENT, Answer, Authenticator
from tests.fixtures.databases import Connection


async def _ask_new(browser: Browser) -> Answer:
    answer = await browser.post("/auth/passkeys/new")
    assert answer.status_code == 200, answer.text
    asked: Answer = answer.json()
    return asked


async def _add(browser: Browser, device: Authenticator) -> httpx2.Response:
    asked = await _ask_new(browser)
    return await _send_new(browser, asked, device.make(asked["options"]))


async def _send_new(browser: Browser, asked: Answer, credential: Any) -> httpx2.Response:
    body = {"challenge": asked["challenge"], "credential": credential, "name": "my phone"}
    return await browser.post("/auth/passkeys", json=body)


async def _ask_proof(browser: Browser) -> Answer:
    asked: Answer = (await browser.post("/auth/passkeys/proof")).json()
    return asked


async def _sign_in(browser: Browser, asked: Answer, credential: Any) -> httpx2.Response:
    body = {"challenge": asked["challenge"], "credential": credential}
    return await browser.post("/auth/passkeys/sign-in", json=body)


@pytest.fixture
async def device(farout: Farout) -> Authenticator:
    """A device with a passkey of Nova's."""
    device = Authenticator()
    answer = await _add(await farout.signed_in(NOVA_ID), device)
    assert answer.status_code == 201, answer.text
    return device


async def test_signs_in_without_a_name(farout: Farout, device: Authenticator) -> None:
    browser = farout.browser()
    asked = await _ask_proof(browser)
    assert asked["options"].get("allowCredentials", []) == []

    answer = await _sign_in(browser, asked, device.prove(asked["options"]))

    assert answer.status_code == 200, answer.text
    session = (await browser.get("/auth/sessions")).json()["items"][0]
    assert (session["method"], session["is_current"]) == ("passkey", True)
    assert (await browser.post("/auth/totp")).status_code == 200


async def test_asks_for_a_passkey_that_knows_its_user_and_verifies_them(farout: Farout) -> None:
    browser = await farout.signed_in(NOVA_ID)

    options = (await _ask_new(browser))["options"]

    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    assert options["rp"]["id"] == "farout.test"


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://evil.test"},
        {"origin": "http://farout.test"},
        {"site": "evil.test"},
        {"flags": PRESENT},
        {"flags": 0},
        {"kind": "webauthn.create"},
    ],
)
async def test_refuses_a_proof_for_something_else(
    farout: Farout, device: Authenticator, bent: dict[str, Any]
) -> None:
    browser = farout.browser()
    asked = await _ask_proof(browser)

    answer = await _sign_in(browser, asked, device.prove(asked["options"], **bent))

    assert (answer.status_code, answer.json()["code"]) == (401, "passkey_refused")
    assert browser.session_token is None


async def test_a_question_is_answered_once_also_by_twenty_at_once(
    farout: Farout, device: Authenticator
) -> None:
    asked = await _ask_proof(farout.browser())
    proof = device.prove(asked["options"])

    answers = await asyncio.gather(*(_sign_in(farout.browser(), asked, proof) for _ in range(20)))

    assert sorted({one.status_code for one in answers}) == [200, 401]
    assert [one.status_code for one in answers].count(200) == 1


async def test_the_answer_to_another_question_is_refused(
    farout: Farout, device: Authenticator
) -> None:
    browser = farout.browser()
    first, second = await _ask_proof(browser), await _ask_proof(browser)

    answer = await _sign_in(browser, second, device.prove(first["options"]))

    assert answer.json()["code"] == "passkey_refused"


async def test_a_copied_device_gives_itself_away(farout: Farout, device: Authenticator) -> None:
    browser = farout.browser()
    asked = await _ask_proof(browser)
    device.count = 10
    assert (await _sign_in(browser, asked, device.prove(asked["options"]))).status_code == 200

    device.count = 3
    asked = await _ask_proof(browser)
    copied = await _sign_in(farout.browser(), asked, device.prove(asked["options"]))

    assert (copied.status_code, copied.json()["code"]) == (401, "passkey_refused")


async def test_another_key_with_the_same_name_is_refused(
    farout: Farout, device: Authenticator
) -> None:
    forged = Authenticator()
    forged.credential_id = device.credential_id
    browser = farout.browser()
    asked = await _ask_proof(browser)

    answer = await _sign_in(browser, asked, forged.prove(asked["options"]))

    assert answer.json()["code"] == "passkey_refused"


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"id": "x"}, {"id": None}, {"id": 1}, {"id": ["a"]}, {"id": "AAAA", "response": 1},
        {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}},
        {"id": "\ud800", "rawId": "=", "type": "x"}, {"id": "A" * 100_000},
        {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {
            "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA",
            "attestationObject": "oA"}},
    ],
)  # fmt: skip
async def test_nonsense_is_refused_and_nothing_breaks(
    farout: Farout, browser: Browser, answer: Answer
) -> None:
    await browser.sign_in()

    for path, code, asked in (
        ("/auth/passkeys/sign-in", 401, await _ask_proof(browser)),
        ("/auth/passkeys", 400, await _ask_new(browser)),
    ):
        body: Answer = {"challenge": asked["challenge"], "credential": answer}
        if code == 400:
            body["name"] = "x"
        refused = await browser.post(
            path,
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        assert refused.status_code == code, refused.text


async def test_nobody_adds_a_passkey_with_the_question_of_somebody_else(farout: Farout) -> None:
    nova, cosmo = await farout.signed_in(NOVA_ID), await farout.signed_in(COSMO_ID)
    asked = await _ask_new(nova)

    answer = await _send_new(cosmo, asked, Authenticator().make(asked["options"]))

    assert answer.json()["code"] == "challenge_over"
    assert (await cosmo.get("/auth/factors")).json()["passkeys"] == []


async def test_a_passkey_belongs_to_one_account(farout: Farout, device: Authenticator) -> None:
    cosmo = await farout.signed_in(COSMO_ID)

    answer = await _add(cosmo, device)

    assert (answer.status_code, answer.json()["code"]) == (409, "passkey_known")


async def test_only_its_owner_removes_it_and_then_it_opens_nothing(
    farout: Farout, device: Authenticator
) -> None:
    nova, cosmo = await farout.signed_in(NOVA_ID), await farout.signed_in(COSMO_ID)
    [passkey] = (await nova.get("/auth/factors")).json()["passkeys"]
    assert passkey["name"] == "my phone"
    path = f"/auth/passkeys/{passkey['id']}"

    assert (await cosmo.delete(path)).json()["code"] == "passkey_not_found"
    assert (await nova.delete(path)).status_code == 204

    asked = await _ask_proof(cosmo)
    answer = await _sign_in(farout.browser(), asked, device.prove(asked["options"]))
    assert answer.json()["code"] == "passkey_refused"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("UPDATE users SET is_active = false", 401),
        ("UPDATE account_security SET banned_at = now()", 403),
    ],
)
async def test_opens_nothing_to_whoever_is_kept_out(
    farout: Farout, device: Authenticator, auth_owner: Connection, change: str, status: int
) -> None:
    browser = farout.browser()
    asked = await _ask_proof(browser)
    await auth_owner.execute(change)

    answer = await _sign_in(browser, asked, device.prove(asked["options"]))

    assert answer.status_code == status
    assert browser.session_token is None


async def test_the_passkey_of_somebody_else_is_no_proof(
    farout: Farout, device: Authenticator, auth_owner: Connection
) -> None:
    cosmo, nova = await farout.signed_in(COSMO_ID), await farout.signed_in(NOVA_ID)
    await auth_owner.execute("UPDATE sessions SET elevated_until = now()")

    for browser, status in ((cosmo, 400), (nova, 204)):
        asked = await _ask_proof(browser)
        proof = {"challenge": asked["challenge"], "credential": device.prove(asked["options"])}
        answer = await browser.post("/auth/step-up", json={"passkey": proof})
        assert answer.status_code == status, answer.text
