"""Refresh tokens: used once, forgiving to a client that lost the answer, and deadly to a thief."""

import asyncio
from typing import Any

import httpx2
import pytest

from backend.auth.users.actions import change_user
from backend.key_ring import KeyRing
from tests.fixtures.application import KEY, Browser, Farout, one_row
from tests.fixtures.databases import Connection
from tests.security.clock import let_time_pass
from tests.security.dumps import occurrences

MANY = 50


@pytest.fixture
async def program(farout: Farout) -> Browser:
    """A client without any cookie."""
    program = farout.browser()
    del program.headers["Sec-Fetch-Site"]
    return program


async def _issue(browser: Browser) -> dict[str, Any]:
    answer = await browser.post("/auth/token")
    assert answer.status_code == 200, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def _refresh(program: Browser, token: str) -> httpx2.Response:
    return await program.post("/auth/token/refresh", json={"refresh_token": token})


async def _who(program: Browser, access_token: str) -> int:
    bearer = {"Authorization": f"Bearer {access_token}"}
    return (await program.get("/auth/session", headers=bearer)).status_code


async def _audited(owner: Connection) -> list[str]:
    rows = await owner.fetch("SELECT action FROM audit_log WHERE action LIKE 'token.%' ORDER BY id")
    return [row["action"] for row in rows]


@pytest.mark.asvs("10.4.5")
async def test_a_refresh_gives_new_tokens_that_work_and_can_be_refreshed(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    issued = await _issue(await farout.signed_in())

    first = (await _refresh(program, issued["refresh_token"])).json()
    second = (await _refresh(program, first["refresh_token"])).json()

    tokens = {one["refresh_token"] for one in (issued, first, second)}
    assert len(tokens) == 3
    assert second["token_type"] == "Bearer"
    assert await _who(program, second["access_token"]) == 200
    assert await _audited(auth_owner) == ["token.issued", "token.refreshed", "token.refreshed"]


async def test_a_client_that_lost_the_answer_gets_the_same_successor_again(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    issued = await _issue(await farout.signed_in())
    lost = (await _refresh(program, issued["refresh_token"])).json()
    await let_time_pass(auth_owner, "+29s")

    again = await _refresh(program, issued["refresh_token"])

    assert again.json()["refresh_token"] == lost["refresh_token"]
    assert await _who(program, again.json()["access_token"]) == 200
    assert await _audited(auth_owner) == ["token.issued", "token.refreshed"]


async def test_the_same_successor_comes_even_if_the_encryption_key_changed_in_between(
    farout: Farout, program: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await _issue(await farout.signed_in())
    lost = (await _refresh(program, issued["refresh_token"])).json()
    newer = "k2:" + "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A="

    monkeypatch.setattr(farout.auth, "key_ring", KeyRing.parse(f"{newer},{KEY}"))

    again = await _refresh(program, issued["refresh_token"])
    assert again.json()["refresh_token"] == lost["refresh_token"]


@pytest.mark.asvs("10.4.5")
async def test_fifty_refreshes_at_once_end_in_one_chain_that_everybody_can_go_on_with(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    issued = await _issue(await farout.signed_in())

    for _ in range(2):
        answers = await asyncio.gather(
            *(_refresh(program, issued["refresh_token"]) for _ in range(MANY))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1
        issued = answers[0].json()

    assert await auth_owner.fetchval("SELECT count(*) FROM refresh_tokens") == 3
    assert await _audited(auth_owner) == ["token.issued", "token.refreshed", "token.refreshed"]
    assert await _who(program, issued["access_token"]) == 200


@pytest.mark.asvs("10.4.5")
async def test_a_replay_after_the_grace_ends_the_session_and_is_written_down_once(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    browser = await farout.signed_in()
    stolen = (await _issue(browser))["refresh_token"]
    current = (await _refresh(program, stolen)).json()
    await let_time_pass(auth_owner, "+31s")

    replays = await asyncio.gather(*(_refresh(program, stolen) for _ in range(10)))

    assert {replay.status_code for replay in replays} == {401}
    codes = sorted(replay.json()["code"] for replay in replays)
    assert codes == ["refresh_token_replayed"] + ["session_ended"] * 9
    assert {replay.json()["error"] for replay in replays} == {"invalid_grant"}
    assert (await _refresh(program, current["refresh_token"])).json()["code"] == "session_ended"
    assert await _who(program, current["access_token"]) == 401
    assert (await browser.get("/auth/session")).status_code == 401
    session = await one_row(auth_owner, "SELECT id, revoked_reason FROM sessions")
    assert session["revoked_reason"] == "refresh_token_replayed"
    event = await one_row(
        auth_owner,
        "SELECT ip, target_uid, details FROM audit_log WHERE action = 'token.replayed'",
    )
    assert str(event["ip"]) == "203.0.113.7"
    assert str(session["id"]) in event["details"]


async def test_two_programs_of_one_session_do_not_disturb_each_other(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    browser = await farout.signed_in()
    one, other = await _issue(browser), await _issue(browser)
    await _refresh(program, one["refresh_token"])
    await let_time_pass(auth_owner, "+31s")

    assert (await _refresh(program, other["refresh_token"])).status_code == 200
    assert (await browser.get("/auth/session")).status_code == 200


@pytest.mark.asvs("10.4.8")
async def test_refreshing_never_outlives_the_session(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    browser = await farout.signed_in()
    session = (await browser.get("/auth/session")).json()["session"]
    issued = (await _refresh(program, (await _issue(browser))["refresh_token"])).json()
    assert issued["refresh_token_expires_at"] == session["expires_at"]

    await let_time_pass(auth_owner, "+7d")

    answer = await _refresh(program, issued["refresh_token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


@pytest.mark.asvs("10.4.9")
@pytest.mark.parametrize("how", ["signs out", "ends others"])
async def test_a_refresh_token_ends_with_its_session(
    farout: Farout, program: Browser, how: str
) -> None:
    browser = await farout.signed_in()
    issued = await _issue(browser)

    if how == "signs out":
        await browser.post("/auth/logout")
    else:
        await (await farout.signed_in()).delete("/auth/sessions")

    answer = await _refresh(program, issued["refresh_token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_a_deactivated_or_banned_person_refreshes_nothing(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    browser = await farout.signed_in()
    issued = await _issue(browser)
    uid = (await browser.get("/auth/session")).json()["user"]["uid"]

    await auth_owner.execute("UPDATE account_security SET banned_at = now(), ban_reason = 'Spam'")
    banned = await _refresh(program, issued["refresh_token"])
    await change_user(farout.auth, uid, is_active=False, by=None)
    deactivated = await _refresh(program, issued["refresh_token"])

    assert (banned.status_code, banned.json()["code"]) == (403, "account_banned")
    assert (deactivated.status_code, deactivated.json()["code"]) == (403, "account_deactivated")


async def test_who_must_change_the_password_refreshes_nothing_until_then(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    issued = await _issue(await farout.signed_in())
    await auth_owner.execute("UPDATE users SET must_change_password = true")

    answer = await _refresh(program, issued["refresh_token"])

    assert (answer.status_code, answer.json()["code"]) == (403, "password_change_required")


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 8000, "ä" * 43, "\0" * 43])
async def test_what_was_never_issued_is_refused(program: Browser, token: str) -> None:
    answer = await _refresh(program, token)

    assert answer.status_code == 401
    assert answer.json()["code"] == "refresh_token_refused"
    assert token not in answer.text


async def test_a_cookie_or_an_access_token_is_no_refresh_token_and_the_other_way_round(
    farout: Farout, program: Browser
) -> None:
    browser = await farout.signed_in()
    issued = await _issue(browser)
    assert browser.session_token is not None

    for wrong in (browser.session_token, issued["access_token"]):
        assert (await _refresh(program, wrong)).status_code == 401
    assert await _who(program, issued["refresh_token"]) == 401


@pytest.mark.asvs("10.4.4")
async def test_there_is_no_other_grant_type(farout: Farout, program: Browser) -> None:
    browser = await farout.signed_in()
    for grant_type in ("password", "implicit", "client_credentials", "", "authorization_code"):
        for path in ("/auth/token", "/auth/token/refresh"):
            answer = await browser.post(path, data={"grant_type": grant_type, "refresh_token": "x"})
            assert answer.status_code == 400, (path, grant_type)
            assert answer.json()["error"] == "unsupported_grant_type"


async def test_a_client_of_the_standard_refreshes_with_a_form(
    farout: Farout, program: Browser
) -> None:
    issued = await _issue(await farout.signed_in())
    form = {
        "grant_type": "refresh_token",
        "refresh_token": issued["refresh_token"],
        "client_id": "farout",
    }

    strange = await program.post("/auth/token/refresh", data=form | {"client_id": "other"})
    right = await program.post("/auth/token/refresh", data=form)

    assert (strange.status_code, strange.json()["error"]) == (401, "invalid_client")
    assert right.status_code == 200
    assert right.headers["cache-control"] == "no-store"


MALFORMED = [
    (b"", "application/json"),
    (b"{}", "application/json"),
    (b"[]", "application/json"),
    (b'"x"', "application/json"),
    (b"null", "application/json"),
    (b'{"refresh_token": 1}', "application/json"),
    (b'{"refresh_token": ["x"]}', "application/json"),
    (b'{"refresh_token": "x", "refresh_token": "y"}', "application/json"),
    (b"refresh_token=x&refresh_token=y", "application/x-www-form-urlencoded"),
    (b"\xff\xfe", "application/json"),
    (b"[" * 100_000, "application/json"),
    (b"refresh_token=x", "text/plain"),
    (b"&".join([b"a=b"] * 50), "application/x-www-form-urlencoded"),
]


@pytest.mark.parametrize(("body", "media_type"), MALFORMED)
@pytest.mark.parametrize("path", ["/auth/token/refresh", "/auth/token/revoke"])
async def test_a_malformed_request_is_refused_as_such(
    program: Browser, path: str, body: bytes, media_type: str
) -> None:
    if path.endswith("revoke"):
        body = body.replace(b"refresh_token", b"token")
    answer = await program.post(path, content=body, headers={"Content-Type": media_type})

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == answer.json()["code"] == "invalid_request"


async def test_an_access_token_buys_no_other_tokens(farout: Farout, program: Browser) -> None:
    issued = await _issue(await farout.signed_in())
    bearer = {"Authorization": f"Bearer {issued['access_token']}"}

    answer = await program.post("/auth/token", headers=bearer)

    assert (answer.status_code, answer.json()["code"]) == (403, "session_cookie_required")


async def test_neither_a_dump_nor_an_old_token_leads_to_one_that_works(
    farout: Farout, program: Browser, auth_owner: Connection
) -> None:
    issued = await _issue(await farout.signed_in())
    current = (await _refresh(program, issued["refresh_token"])).json()

    for token in (issued["refresh_token"], current["refresh_token"]):
        assert await occurrences(auth_owner, token) == []
    chain = await one_row(auth_owner, "SELECT chain, counter FROM refresh_tokens WHERE counter = 0")
    strangers = KeyRing.parse("k9:" + "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A=")
    message = f"{chain['chain']}|1|{issued['refresh_token']}".encode()
    [guess] = strangers.derive(message, purpose=b"farout refresh tokens")
    known = [row[0] for row in await auth_owner.fetch("SELECT token_hash FROM refresh_tokens")]
    assert guess not in known


async def test_a_new_chain_takes_a_few_tokens_away_whose_time_is_over(
    farout: Farout, auth_owner: Connection
) -> None:
    old = await farout.signed_in()
    await _issue(old)
    await let_time_pass(auth_owner, "+8d")

    await _issue(await farout.signed_in())

    assert await auth_owner.fetchval("SELECT count(*) FROM refresh_tokens") == 1
