"""Giving tokens back (RFC 7009): what belongs together ends together, and nothing else does."""

import asyncio
from typing import Any

import httpx2
import pytest

from backend.auth.crypto.secrets import token_hash
from backend.auth.tokens import chains
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection


async def _issue(browser: Browser) -> dict[str, Any]:
    issued: dict[str, Any] = (await browser.post("/auth/token")).json()
    return issued


async def _revoke(farout: Farout, token: str, **more: str) -> httpx2.Response:
    program = farout.browser()
    del program.headers["Sec-Fetch-Site"]
    return await program.post("/auth/token/revoke", data={"token": token, **more})


async def _works(farout: Farout, issued: dict[str, Any]) -> tuple[bool, bool]:
    """Return whether the access token and the refresh token still do."""
    program = farout.browser()
    bearer = {"Authorization": f"Bearer {issued['access_token']}"}
    access = await program.get("/auth/session", headers=bearer)
    body = {"refresh_token": issued["refresh_token"]}
    refresh = await program.post("/auth/token/refresh", json=body)
    return access.status_code == 200, refresh.status_code == 200


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token"])
async def test_revoking_one_token_ends_all_of_that_program_and_no_more(
    farout: Farout, auth_owner: Connection, kind: str, hint: str | None
) -> None:
    browser = await farout.signed_in()
    given_back, other = await _issue(browser), await _issue(browser)

    answer = await _revoke(farout, given_back[kind], **({"token_type_hint": hint} if hint else {}))

    assert answer.status_code == 200
    assert await _works(farout, given_back) == (False, False)
    assert await _works(farout, other) == (True, True)
    assert (await browser.get("/auth/session")).status_code == 200
    count = "SELECT count(*) FROM audit_log WHERE action = 'token.revoked'"
    assert await auth_owner.fetchval(count) == 1


async def test_revoking_an_old_link_of_the_chain_ends_all_of_it(farout: Farout) -> None:
    first = await _issue(await farout.signed_in())
    body = {"refresh_token": first["refresh_token"]}
    second = (await farout.browser().post("/auth/token/refresh", json=body)).json()

    assert (await _revoke(farout, first["refresh_token"])).status_code == 200

    assert await _works(farout, second) == (False, False)


@pytest.mark.parametrize("token", ["x", "A" * 43, "a.b.c", "ä", "\0"])
async def test_an_unknown_token_is_no_error(
    farout: Farout, auth_owner: Connection, token: str
) -> None:
    answer = await _revoke(farout, token)

    assert (answer.status_code, answer.content) == (200, b"")
    assert await auth_owner.fetchval("SELECT count(*) FROM audit_log") == 0


async def test_revoking_twice_and_at_once_is_no_error_and_one_event(
    farout: Farout, auth_owner: Connection
) -> None:
    issued = await _issue(await farout.signed_in())

    answers = await asyncio.gather(*(_revoke(farout, issued["refresh_token"]) for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    count = "SELECT count(*) FROM audit_log WHERE action = 'token.revoked'"
    assert await auth_owner.fetchval(count) == 1


async def test_a_refresh_under_way_does_not_escape_the_revocation(
    farout: Farout, auth_owner: Connection
) -> None:
    issued = await _issue(await farout.signed_in())
    presented = token_hash(issued["refresh_token"])
    async with farout.auth.database.rows() as rows:
        await rows.row(chains.LOCK, token_hash=presented)
        found = await rows.row(chains.READ, token_hash=presented)
        assert found is not None
        await rows.row(
            chains.ROTATE, chain=found["chain"], of_counter=0, token_hash=token_hash("A" * 43),
            ip=None, request_id=None,
        )  # fmt: skip
        revocation = asyncio.create_task(_revoke(farout, issued["refresh_token"]))
        await _somebody_waits(auth_owner)

    assert (await revocation).status_code == 200
    assert await auth_owner.fetchval("SELECT count(*) FROM refresh_tokens") == 0


async def _somebody_waits(owner: Connection) -> None:
    """Return once a connection waits for a lock of another."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while not await owner.fetchval(waiting):  # noqa: ASYNC110 - PostgreSQL has no event for it
        await asyncio.sleep(0.01)


async def test_a_strange_kind_of_token_is_refused(farout: Farout) -> None:
    answer = await _revoke(farout, "x", token_type_hint="id_token")

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_token_type")


async def test_the_cookie_is_nothing_that_can_be_given_back_here(farout: Farout) -> None:
    nova, cosmo = await farout.signed_in(NOVA_ID), await farout.signed_in(COSMO_ID)
    assert nova.session_token is not None

    assert (await _revoke(farout, nova.session_token)).status_code == 200

    for browser in (nova, cosmo):
        assert (await browser.get("/auth/session")).status_code == 200
