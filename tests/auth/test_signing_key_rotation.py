"""Signing keys change without one refused token, and strangers cannot make anybody look for them."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.auth.keys.actions import rotate_signing_key
from backend.auth.keys.errors import KeyIsComing, KeysInSettings
from backend.auth.side import Auth
from tests.fixtures.application import Browser, Farout, auth_settings, one_row
from tests.fixtures.databases import Connection, Server
from tests.fixtures.servers import run_farout
from tests.security.replicas import another_replica


@pytest.fixture
async def keys(farout: Farout, auth_owner: Connection) -> AsyncIterator[Connection]:
    """Yield the owner's connection; afterwards there is one key, the one of before."""
    [before] = [row["kid"] for row in await auth_owner.fetch("SELECT kid FROM signing_keys")]
    row = await one_row(auth_owner, "SELECT * FROM signing_keys")
    yield auth_owner
    await auth_owner.execute("DELETE FROM signing_keys WHERE kid <> $1", before)
    await auth_owner.execute(
        "INSERT INTO signing_keys SELECT ($1::signing_keys).*"
        " ON CONFLICT (kid) DO UPDATE SET retired_at = NULL, signs_from = excluded.signs_from",
        row,
    )
    await farout.auth.tokens.look_again()


def _kid(token: str) -> str:
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    kid: str = header["kid"]
    return kid


async def _issue(browser: Browser) -> dict[str, Any]:
    answer = await browser.post("/auth/token")
    assert answer.status_code == 200, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def _token(browser: Browser) -> str:
    token: str = (await _issue(browser))["access_token"]
    return token


async def _status(farout: Farout, token: str) -> int:
    bearer = {"Authorization": f"Bearer {token}"}
    return (await farout.browser().get("/auth/session", headers=bearer)).status_code


async def _published(farout: Farout) -> list[str]:
    answer = await farout.browser().get("/.well-known/jwks.json")
    return [key["kid"] for key in answer.json()["keys"]]


async def _let_pass(keys: Connection, minutes: int) -> None:
    await keys.execute(
        "UPDATE signing_keys SET signs_from = signs_from - make_interval(mins => $1),"
        " retired_at = retired_at - make_interval(mins => $1)",
        minutes,
    )


async def test_a_new_key_is_published_then_signs_then_the_old_one_goes(
    farout: Farout, keys: Connection
) -> None:
    browser = await farout.signed_in()
    old = await _token(browser)

    new = await rotate_signing_key(farout.auth)
    await farout.auth.tokens.look_again()
    assert set(await _published(farout)) == {new.kid, _kid(old)}
    assert _kid(await _token(browser)) == _kid(old)

    await _let_pass(keys, 10)
    await farout.auth.tokens.look_again()
    assert _kid(await _token(browser)) == new.kid
    assert await _status(farout, old) == 200

    await _let_pass(keys, 21)
    await farout.auth.tokens.look_again()
    assert await _published(farout) == [new.kid]
    assert await _status(farout, old) == 401


async def test_a_process_that_has_not_looked_yet_accepts_a_token_of_the_new_key(
    farout: Farout, keys: Connection
) -> None:
    async with another_replica(farout) as ahead:
        await rotate_signing_key(ahead.auth)
        await _let_pass(keys, 10)
        await ahead.auth.tokens.look_again()
        token = await _token(await ahead.signed_in())

        assert _kid(token) not in await _published(farout)
        assert await _status(farout, token) == 200


async def test_no_token_is_refused_while_keys_change_under_load(
    farout: Farout, keys: Connection
) -> None:
    kids: set[str] = set()
    async with another_replica(farout) as other:
        is_over = asyncio.Event()

        async def go_on(signs: Farout, checks: Farout) -> None:
            browser = await signs.signed_in()
            while not is_over.is_set():
                token = await _token(browser)
                kids.add(_kid(token))
                assert await _status(checks, token) == 200

        pairs = [(farout, other), (other, farout), (farout, farout), (other, other)]
        load = [asyncio.create_task(go_on(*pair)) for pair in pairs]
        for ahead in (farout, other):
            new = await rotate_signing_key(ahead.auth)
            await _let_pass(keys, 10)
            # Only this one has looked; the other meets tokens whose key it does not know.
            await ahead.auth.tokens.look_again()
            while new.kid not in kids:
                await asyncio.wait(load, timeout=0.05)
        is_over.set()
        await asyncio.gather(*load)
    assert len(kids) == 3


async def test_a_compromised_key_is_of_no_use_and_programs_go_on_with_their_refresh_tokens(
    farout: Farout, keys: Connection
) -> None:
    issued = await _issue(await farout.signed_in())
    # One that was published and has not signed yet may be in the same hands.
    coming = await rotate_signing_key(farout.auth)

    await rotate_signing_key(farout.auth, is_compromised=True)
    await farout.auth.tokens.look_again()

    assert await _status(farout, issued["access_token"]) == 401
    assert coming.kid not in await _published(farout)
    body = {"refresh_token": issued["refresh_token"]}
    renewed = (await farout.browser().post("/auth/token/refresh", json=body)).json()
    assert await _status(farout, renewed["access_token"]) == 200


async def test_two_rotations_at_once_make_one_key(farout: Farout, keys: Connection) -> None:
    outcomes = await asyncio.gather(
        *(rotate_signing_key(farout.auth) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(outcome, KeyIsComing) for outcome in outcomes) == 4
    assert await keys.fetchval("SELECT count(*) FROM signing_keys") == 2
    events = "SELECT count(*) FROM audit_log WHERE action = 'keys.signing_rotated'"
    assert await keys.fetchval(events) == 1


async def test_five_processes_that_start_at_once_make_one_key(
    farout: Farout, keys: Connection, migrated: Server
) -> None:
    await keys.execute("DELETE FROM signing_keys")
    starters = [Auth.from_settings(auth_settings(migrated), password_rounds=4) for _ in range(5)]
    try:
        await asyncio.gather(*(auth.open() for auth in starters))

        kid = await keys.fetchval("SELECT kid FROM signing_keys")
        assert await keys.fetchval("SELECT count(*) FROM signing_keys") == 1
        assert {auth.tokens.signer.kid for auth in starters} == {kid}
    finally:
        for auth in starters:
            await auth.close()


@pytest.mark.asvs("9.1.3")
async def test_a_crowd_of_strangers_makes_nobody_look_more_than_once_a_second(
    farout: Farout, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look_again = farout.auth.tokens.look_again

    async def counted() -> None:
        nonlocal looks
        looks += 1
        await look_again()

    monkeypatch.setattr(farout.auth.tokens, "look_again", counted)
    _, claims, signature = (await _token(await farout.signed_in())).split(".")

    def with_kid(kid: str) -> str:
        header = json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": kid}).encode()
        return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{claims}.{signature}"

    for kid in ("", "x", "../../etc/passwd", "' OR 1=1 --", "ä" * 43):
        assert await _status(farout, with_kid(kid)) == 401
    assert looks == 0

    strangers = [with_kid(secrets.token_urlsafe(32)) for _ in range(300)]
    began = asyncio.get_running_loop().time()
    statuses = await asyncio.gather(*(_status(farout, token) for token in strangers))
    seconds = asyncio.get_running_loop().time() - began

    assert set(statuses) == {401}
    assert 1 <= looks <= 2 + seconds


async def test_with_a_shared_secret_there_is_nothing_to_rotate(
    farout: Farout, migrated: Server
) -> None:
    secret = "q7Hn2vXw9LdKf4TzRbYc8MgPs5JaUe3V"
    settings = auth_settings(migrated, jwt_algorithm="HS256", jwt_secret=secret)
    auth = Auth.from_settings(settings, password_rounds=4)
    await auth.open()
    try:
        with pytest.raises(KeysInSettings):
            await rotate_signing_key(auth)
        await auth.tokens.look_again()
        assert auth.tokens.signer.algorithm == "HS256"
    finally:
        await auth.close()


async def test_the_command_tells_when_the_new_key_signs(farout: Farout, keys: Connection) -> None:
    settings = farout.auth.settings

    old = farout.auth.tokens.signer.kid

    made, listed = [
        await asyncio.to_thread(run_farout, settings, "keys", *arguments)
        for arguments in (("rotate", "signing"), ("list",))
    ]

    new = await keys.fetchval("SELECT kid FROM signing_keys ORDER BY signs_from DESC LIMIT 1")
    assert f"{new} is published and signs from" in made.stdout, made.stderr
    [first, second] = listed.stdout.splitlines()
    assert first.startswith(f"{new}  published, signs from ")
    assert second.startswith(f"{old}  signs, verifies until ")
