"""Access tokens for programs: 15 minutes at most, and dead with their session."""

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from backend.auth.crypto.access_tokens import Verifier
from backend.auth.side import Auth
from tests.fixtures.application import ORIGIN, Browser, Farout, auth_settings
from tests.fixtures.databases import Server


async def _token(browser: Browser) -> str:
    answer = await browser.post("/auth/token")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    token: str = body["access_token"]
    return token


async def test_a_token_opens_what_its_session_opens(farout: Farout, browser: Browser) -> None:
    await browser.sign_in()
    token = await _token(browser)

    program = farout.browser()
    answer = await program.get("/auth/session", headers={"Authorization": f"Bearer {token}"})

    own = (await browser.get("/auth/session")).json()
    assert answer.json() == own


@pytest.mark.asvs("9.2.4")
async def test_a_token_verifies_with_the_published_keys(browser: Browser) -> None:
    await browser.sign_in()
    token = await _token(browser)
    session = (await browser.get("/auth/session")).json()

    published = (await browser.get("/.well-known/jwks.json")).json()
    decoded = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"])

    assert decoded.header["typ"] == "at+jwt"
    assert decoded.claims["aud"] == "farout-api"
    assert decoded.claims["sub"] == session["user"]["uid"]
    assert decoded.claims["sid"] == session["session"]["id"]
    assert decoded.claims["exp"] - decoded.claims["iat"] == 900
    assert all("d" not in key for key in published["keys"])


@pytest.mark.asvs("7.4.1")
async def test_a_token_dies_with_its_session(farout: Farout, browser: Browser) -> None:
    await browser.sign_in()
    bearer = {"Authorization": f"Bearer {await _token(browser)}"}
    program = farout.browser()
    assert (await program.get("/auth/session", headers=bearer)).status_code == 200

    await browser.post("/auth/logout")

    assert (await program.get("/auth/session", headers=bearer)).status_code == 401


async def test_a_token_signs_its_session_out(farout: Farout, browser: Browser) -> None:
    await browser.sign_in()
    bearer = {"Authorization": f"Bearer {await _token(browser)}"}

    assert (await farout.browser().post("/auth/logout", headers=bearer)).status_code == 204

    assert (await browser.get("/auth/session")).status_code == 401


async def test_every_process_signs_with_the_same_key(running: Farout, migrated: Server) -> None:
    other = Auth.from_settings(auth_settings(migrated), password_rounds=4)
    await other.open()
    try:
        assert other.tokens.public_keys == running.auth.tokens.public_keys
    finally:
        await other.close()


async def test_hs256_signs_with_the_secret_of_the_settings(migrated: Server) -> None:
    secret = "correct-horse-battery-staple-0123456789"
    settings = auth_settings(migrated, jwt_algorithm="HS256", jwt_secret=secret)
    auth = Auth.from_settings(settings, password_rounds=4)
    await auth.open()
    try:
        session_id = "0198c0de-0000-7000-8000-000000000001"
        token = auth.tokens.signer.sign(uid=session_id, session_id=session_id)  # type: ignore[arg-type]
        header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
        assert header["alg"] == "HS256"
        assert auth.tokens.verifier.verify(token)["sid"] == session_id
        assert auth.tokens.public_keys == []
    finally:
        await auth.close()


@pytest.mark.parametrize("age", [930, 100_000])
async def test_a_token_is_refused_after_its_quarter_of_an_hour(running: Farout, age: int) -> None:
    some = "0198c0de-0000-7000-8000-000000000001"
    signer, verifier = running.auth.tokens.signer, running.auth.tokens.verifier
    assert isinstance(verifier, Verifier)
    assert verifier.issuer == ORIGIN
    now = 1_800_000_000
    token = signer.sign(uid=some, session_id=some, now=now)  # type: ignore[arg-type]

    assert verifier.verify(token, now=now + 899)
    with pytest.raises(Exception, match="exp"):
        verifier.verify(token, now=now + age)
