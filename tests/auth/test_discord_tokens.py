"""Discord's tokens: kept unreadable, refreshed once however many ask, and left alone when dead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import httpx2
import pytest

from backend.auth.discord_tokens.actions import get_access_token, report_refused
from backend.auth.discord_tokens.errors import DiscordNotConnected, DiscordPaused
from backend.auth.discord_tokens.keeping import open_access_token, open_refresh_token
from backend.auth.discord_tokens.revoking import give_up_tokens, revoke_given_up
from backend.auth.side import Auth
from backend.devtools.discord.fault_kinds import (
    connection_reset,
    edge_rate_limited,
    rate_limited,
    server_error,
    slow,
    without_fields,
)
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from backend.discord.errors import (
    DiscordAuthorizationLost,
    DiscordRateLimited,
    DiscordUnreachable,
)
from backend.key_ring import NotDecipherable
from tests.fixtures.application import Farout, one_row
from tests.fixtures.databases import Connection
from tests.security.dumps import occurrences
from tests.security.replicas import another_replica

USER = "SELECT user_id FROM oauth_tokens"


@pytest.fixture
async def three(farout: Farout) -> AsyncIterator[list[Auth]]:
    """Yield three processes' auth sides; what Discord forbids them ends with the test."""
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(another_replica(farout)) for _ in range(3)]
        for replica in replicas:
            # Connecting takes longer than asking does; a process that serves has connected before.
            asked = [get_access_token(replica.auth, 0) for _ in range(10)]
            await asyncio.gather(*asked, return_exceptions=True)
        yield [replica.auth for replica in replicas]


class HeldAnswers(httpx2.AsyncBaseTransport):
    """Hands Discord's answers on when it is told to; by then Discord has done what it was asked."""

    def __init__(self, farout: Farout) -> None:
        self._discord = httpx2.ASGITransport(app=farout.standin.app)
        self.is_answered, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._discord.handle_async_request(request)
        self.is_answered.set()
        await self.may_go_on.wait()
        return answer


@pytest.fixture
async def held(farout: Farout) -> AsyncIterator[tuple[Auth, HeldAnswers]]:
    """Yield one more process, and what stands between it and Discord."""
    answers = HeldAnswers(farout)
    async with another_replica(farout, discord=answers) as replica:
        yield replica.auth, answers
        answers.may_go_on.set()


@pytest.fixture
async def user_id(farout: Farout, auth_owner: Connection) -> int:
    """Return a user who signed in a week ago."""
    await farout.signed_in()
    await auth_owner.execute("UPDATE oauth_tokens SET expires_at = now()")
    farout.standin.calls.clear()
    found: int = await auth_owner.fetchval(USER)
    return found


def _pairs(farout: Farout) -> set[tuple[str, str]]:
    registry = farout.standin.state.registry
    return {(pair.access_token, pair.refresh_token) for pair in registry.by_refresh_token.values()}


async def _row(owner: Connection) -> asyncpg.Record:
    row: asyncpg.Record = await one_row(owner, "SELECT * FROM oauth_tokens")
    return row


async def test_a_sign_in_keeps_the_tokens_encrypted_for_their_row_and_column(
    farout: Farout, auth_owner: Connection
) -> None:
    await farout.signed_in()

    row = await _row(auth_owner)
    [(access_token, refresh_token)] = _pairs(farout)
    assert open_access_token(farout.auth.key_ring, row) == access_token
    assert open_refresh_token(farout.auth.key_ring, row) == refresh_token
    assert (row["scopes"], row["key_id"]) == (["email", "identify"], "test")
    for moved in (
        dict(row) | {"user_id": row["user_id"] + 1},
        dict(row) | {"access_token": row["refresh_token"]},
    ):
        with pytest.raises(NotDecipherable):
            open_access_token(farout.auth.key_ring, moved)


@pytest.mark.asvs("10.1.1")
async def test_no_token_of_discord_is_in_a_dump_or_in_an_answer(
    farout: Farout, auth_owner: Connection, community_owner: Connection
) -> None:
    browser = farout.browser()
    answers = [await browser.sign_in()]
    answers += [await browser.get(path) for path in ("/auth/session", "/auth/sessions", "/account")]

    for token in (token for pair in _pairs(farout) for token in pair):
        assert await occurrences(auth_owner, token) == []
        assert await occurrences(community_owner, token) == []
        assert not any(token in answer.text or token in str(answer.headers) for answer in answers)


@pytest.mark.asvs("10.3.1")
async def test_a_token_of_discord_opens_nothing_here(farout: Farout) -> None:
    await farout.signed_in()
    for token in (token for pair in _pairs(farout) for token in pair):
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await farout.browser().get("/auth/session", headers=bearer)).status_code == 401


async def test_signing_in_again_keeps_the_newest_tokens(
    farout: Farout, auth_owner: Connection
) -> None:
    await farout.signed_in()
    await auth_owner.execute("UPDATE oauth_tokens SET dead_at = now()")
    before = _pairs(farout)

    await farout.signed_in()

    [(newest, _)] = _pairs(farout) - before
    user_id = await auth_owner.fetchval(USER)
    assert await get_access_token(farout.auth, user_id) == newest
    assert farout.standin.count_calls("token") == 2


async def test_fifty_who_ask_in_three_processes_make_one_call(
    farout: Farout, three: list[Auth], user_id: int, auth_owner: Connection
) -> None:
    farout.standin.faults.token.once(slow(0.2))

    tokens = await asyncio.gather(*(get_access_token(three[n % 3], user_id) for n in range(50)))

    assert farout.standin.count_calls("token") == 1
    [(access_token, refresh_token)] = _pairs(farout)
    assert set(tokens) == {access_token}
    assert open_refresh_token(farout.auth.key_ring, await _row(auth_owner)) == refresh_token


async def test_a_refresh_goes_on_when_nobody_waits_for_it_any_more(
    farout: Farout, held: tuple[Auth, HeldAnswers], user_id: int, auth_owner: Connection
) -> None:
    auth, answers = held
    impatient = asyncio.create_task(get_access_token(auth, user_id))
    await answers.is_answered.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    answers.may_go_on.set()
    await auth.discord_tokens.flights.land()

    [(access_token, refresh_token)] = _pairs(farout)
    row = await _row(auth_owner)
    assert open_access_token(farout.auth.key_ring, row) == access_token
    assert open_refresh_token(farout.auth.key_ring, row) == refresh_token


async def test_a_thousand_who_ask_for_a_dead_authorization_make_one_call(
    farout: Farout, three: list[Auth], user_id: int
) -> None:
    farout.standin.state.registry.clear()

    for _ in range(20):
        asked = [get_access_token(three[n % 3], user_id) for n in range(50)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {DiscordAuthorizationLost}

    assert farout.standin.count_calls("token") == 1


@pytest.mark.parametrize(
    ("fault", "wait"), [(edge_rate_limited(7200), 7200), (rate_limited(59.5), 60)]
)
async def test_after_a_429_nobody_asks_before_the_time_that_discord_named(
    farout: Farout,
    three: list[Auth],
    user_id: int,
    auth_owner: Connection,
    fault: object,
    wait: int,
) -> None:
    farout.standin.faults.token.always = fault  # type: ignore[assignment]

    with pytest.raises(DiscordRateLimited) as limit:
        await get_access_token(three[0], user_id)
    outcomes = await asyncio.gather(
        *(get_access_token(auth, user_id) for auth in three * 10), return_exceptions=True
    )

    assert limit.value.retry_after == wait
    assert {type(outcome) for outcome in outcomes} == {DiscordPaused}
    assert farout.standin.count_calls("token") == 1
    farout.standin.faults.clear()
    await auth_owner.execute("UPDATE oauth_tokens SET retry_at = now()")
    assert await get_access_token(three[1], user_id)


async def test_one_limit_holds_for_everybody_in_the_process(
    farout: Farout, three: list[Auth], user_id: int, auth_owner: Connection
) -> None:
    await farout.signed_in(COSMO_ID)
    await auth_owner.execute("UPDATE oauth_tokens SET expires_at = now()")
    [other] = [row[0] for row in await auth_owner.fetch(USER) if row[0] != user_id]
    farout.standin.faults.token.once(edge_rate_limited(60))
    calls = farout.standin.count_calls("token")

    for user in (user_id, other):
        with pytest.raises(DiscordRateLimited):
            await get_access_token(three[0], user)

    assert farout.standin.count_calls("token") == calls + 1


@pytest.mark.parametrize("fault", [server_error(), connection_reset()])
async def test_trouble_at_discord_is_waited_out_and_loses_nothing(
    farout: Farout, three: list[Auth], user_id: int, auth_owner: Connection, fault: object
) -> None:
    farout.standin.faults.token.once(fault)  # type: ignore[arg-type]

    with pytest.raises(DiscordUnreachable):
        await get_access_token(three[0], user_id)
    with pytest.raises(DiscordPaused):
        await get_access_token(three[1], user_id)

    await auth_owner.execute("UPDATE oauth_tokens SET retry_at = now()")
    assert await get_access_token(three[1], user_id) in {pair[0] for pair in _pairs(farout)}


async def test_a_token_that_discord_refuses_is_refreshed_and_not_used_again(
    farout: Farout, auth_owner: Connection
) -> None:
    await farout.signed_in()
    user_id = await auth_owner.fetchval(USER)
    refused = await get_access_token(farout.auth, user_id)

    await report_refused(farout.auth, user_id, refused)
    renewed = await get_access_token(farout.auth, user_id)
    await report_refused(farout.auth, user_id, refused)

    assert renewed != refused
    assert await get_access_token(farout.auth, user_id) == renewed


async def test_a_token_without_a_refresh_token_ends_with_its_time(
    farout: Farout, auth_owner: Connection
) -> None:
    farout.standin.faults.token.once(without_fields("refresh_token"))
    await farout.signed_in()
    user_id = await auth_owner.fetchval(USER)
    assert await get_access_token(farout.auth, user_id)

    await auth_owner.execute("UPDATE oauth_tokens SET expires_at = now()")

    with pytest.raises(DiscordAuthorizationLost):
        await get_access_token(farout.auth, user_id)
    assert farout.standin.count_calls("token") == 1


async def test_who_never_signed_in_with_discord_has_no_token(farout: Farout) -> None:
    with pytest.raises(DiscordNotConnected):
        await get_access_token(farout.auth, 1)


async def _give_up(auth: Auth, user_id: int) -> None:
    async with auth.database.transaction() as db:
        await give_up_tokens(auth, db, user_id)


async def test_giving_up_revokes_at_discord_once_and_leaves_nothing_here(
    farout: Farout, user_id: int, three: list[Auth], auth_owner: Connection
) -> None:
    await _give_up(farout.auth, user_id)
    await auth_owner.execute("DELETE FROM users")

    done = await asyncio.gather(*(revoke_given_up(auth) for auth in three))

    assert sum(done) == 1
    assert farout.standin.count_calls("revoke") == 1
    assert _pairs(farout) == set()
    for table in ("oauth_tokens", "oauth_revocations"):
        assert await auth_owner.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_revocation_that_fails_is_tried_again_until_it_is_done(
    farout: Farout, user_id: int, auth_owner: Connection, three: list[Auth]
) -> None:
    farout.standin.faults.revoke.once(server_error())
    await _give_up(farout.auth, user_id)

    assert await revoke_given_up(three[0]) == 0
    assert await revoke_given_up(three[0]) == 0
    assert farout.standin.count_calls("revoke") == 1
    await auth_owner.execute("UPDATE oauth_revocations SET next_attempt_at = now()")
    assert await revoke_given_up(three[0]) == 1

    assert _pairs(farout) == set()


async def test_what_is_rolled_back_is_not_revoked(farout: Farout, user_id: int) -> None:
    async def fail() -> None:
        async with farout.auth.database.transaction() as db:
            await give_up_tokens(farout.auth, db, user_id)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert await revoke_given_up(farout.auth) == 0
    assert await get_access_token(farout.auth, user_id)


async def test_who_came_back_before_discord_was_told_is_left_alone(
    farout: Farout, user_id: int, auth_owner: Connection
) -> None:
    await _give_up(farout.auth, user_id)
    await auth_owner.execute("DELETE FROM users")
    await farout.signed_in(NOVA_ID)

    assert await revoke_given_up(farout.auth) == 1

    assert farout.standin.count_calls("revoke") == 0
    assert await auth_owner.fetchval("SELECT count(*) FROM oauth_revocations") == 0


async def test_giving_up_in_the_middle_of_a_refresh_still_ends_the_authorization(
    farout: Farout, held: tuple[Auth, HeldAnswers], user_id: int
) -> None:
    auth, answers = held
    refresh = asyncio.create_task(get_access_token(auth, user_id))
    await answers.is_answered.wait()

    await _give_up(farout.auth, user_id)
    answers.may_go_on.set()
    with pytest.raises(DiscordNotConnected):
        await refresh
    await revoke_given_up(farout.auth)

    assert _pairs(farout) == set()


async def test_a_sign_in_during_a_refresh_has_the_last_word(
    farout: Farout, held: tuple[Auth, HeldAnswers], user_id: int, auth_owner: Connection
) -> None:
    auth, answers = held
    refresh = asyncio.create_task(get_access_token(auth, user_id))
    await answers.is_answered.wait()
    before = _pairs(farout)

    await farout.signed_in()
    answers.may_go_on.set()

    [(newest, _)] = _pairs(farout) - before
    assert await refresh == newest
    assert open_access_token(auth.key_ring, await _row(auth_owner)) == newest


async def test_signing_out_revokes_nothing_at_discord(farout: Farout) -> None:
    browser = await farout.signed_in()

    await browser.post("/auth/logout")
    await revoke_given_up(farout.auth)

    assert farout.standin.count_calls("revoke") == 0
