"""Ten codes for whoever lost their phone, each good once."""

import asyncio
import base64
import hashlib

import pytest

from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.people import PASSWORD, enrol, make_local_user, signed_in_with_password


@pytest.fixture
async def quiet(farout: Farout, auth_owner: Connection) -> Browser:
    await make_local_user(farout, auth_owner)
    return await signed_in_with_password(farout)


async def _sign_in(browser: Browser, code: str) -> int:
    asked = await browser.post("/auth/login", json={"identifier": "quiet", "password": PASSWORD})
    answer = await browser.post(
        "/auth/login/code", json={"challenge": asked.json()["challenge"], "code": code}
    )
    return answer.status_code


@pytest.mark.asvs("6.5.1", "6.5.4")
async def test_each_code_lets_in_once(farout: Farout, quiet: Browser) -> None:
    _, codes = await enrol(quiet)
    assert len(set(codes)) == 10
    assert {len(code.replace("-", "")) for code in codes} == {24}

    assert await _sign_in(farout.browser(), codes[0]) == 200
    assert await _sign_in(farout.browser(), codes[0]) == 401
    assert await _sign_in(farout.browser(), codes[1].replace("-", "").upper()) == 200

    assert (await quiet.get("/auth/factors")).json()["recovery_codes_left"] == 8


@pytest.mark.asvs("6.5.1")
async def test_of_fifty_at_once_with_one_code_one_gets_in(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    _, codes = await enrol(quiet)
    browsers = [farout.browser() for _ in range(50)]
    asked = []
    for browser in browsers:
        answer = await browser.post(
            "/auth/login", json={"identifier": "quiet", "password": PASSWORD}
        )
        asked.append(answer.json()["challenge"])

    async def use(browser: Browser, challenge: str) -> int:
        body = {"challenge": challenge, "code": codes[3]}
        return (await browser.post("/auth/login/code", json=body)).status_code

    answers = await asyncio.gather(*(use(*pair) for pair in zip(browsers, asked, strict=True)))

    assert answers.count(200) == 1
    assert set(answers) <= {200, 401, 429, 503}
    used = "SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL"
    assert await auth_owner.fetchval(used) == 1
    signed_in = "SELECT count(*) FROM audit_log WHERE action = 'session.started'"
    assert await auth_owner.fetchval(signed_in) == 2


@pytest.mark.asvs("6.5.2")
async def test_a_code_has_120_bits_and_only_its_hash_is_kept(
    quiet: Browser, auth_owner: Connection
) -> None:
    _, codes = await enrol(quiet)
    user_id = await auth_owner.fetchval("SELECT id FROM users")

    rows = await auth_owner.fetch("SELECT * FROM recovery_codes")

    assert {len(base64.b32decode(code.replace("-", "").upper())) * 8 for code in codes} == {120}
    plain = {code.replace("-", "") for code in codes}
    hashes = {hashlib.sha256(f"{user_id}|{code}".encode()).digest() for code in plain}
    assert {row["code_hash"] for row in rows} == hashes
    stored = str([dict(row) for row in rows])
    assert not [code for code in (*codes, *plain) if code in stored]


async def test_new_codes_replace_the_old_ones(farout: Farout, quiet: Browser) -> None:
    _, old = await enrol(quiet)

    new = (await quiet.post("/auth/recovery-codes")).json()["recovery_codes"]

    assert not set(old) & set(new)
    assert await _sign_in(farout.browser(), old[0]) == 401
    assert await _sign_in(farout.browser(), new[0]) == 200


async def test_there_are_none_without_an_app(quiet: Browser) -> None:
    answer = await quiet.post("/auth/recovery-codes")

    assert (answer.status_code, answer.json()["code"]) == (409, "totp_not_enabled")


async def test_the_code_of_one_user_is_worth_nothing_to_another(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    _, codes = await enrol(quiet)
    await make_local_user(farout, auth_owner, "other")
    other = await signed_in_with_password(farout, "other")
    await enrol(other)
    asked = await farout.browser().post(
        "/auth/login", json={"identifier": "other", "password": PASSWORD}
    )

    answer = await farout.browser().post(
        "/auth/login/code", json={"challenge": asked.json()["challenge"], "code": codes[0]}
    )

    assert answer.status_code == 401
