"""Two services: who is calling, what is felt when a session ends, and what counts when the wire fails."""

import asyncio
import time
from collections.abc import Callable

import pytest

from backend.bridge.revocations import MOST_PENDING, MOST_READERS, Broadcast, TooManyReaders
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.databases import Connection, Server
from tests.fixtures.two_services import (
    NEW_KEY,
    OLD_KEY,
    AuthService,
    CommunityService,
    Visitor,
    auth_service,
    community_service,
)

REVOKE = "UPDATE sessions SET revoked_at = now(), revoked_reason = 'test'"


async def _status(visitor: Visitor) -> int:
    return (await visitor.get("/api/members")).status_code


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - what is awaited happens in another service
            await asyncio.sleep(0.01)


async def _refused_within(visitor: Visitor, seconds: float) -> None:
    since = time.monotonic()
    while await _status(visitor) == 200:
        assert time.monotonic() - since < seconds
        await asyncio.sleep(0)


async def test_the_community_knows_whom_auth_knows(
    distant_auth: AuthService, distant_community: CommunityService, community_owner: Connection
) -> None:
    nova = await distant_auth.signed_in(NOVA_ID)
    token = (await nova.post("/auth/token")).json()["access_token"]
    there = nova.at(distant_community.app)

    assert await _status(there) == 200
    assert await _status(Visitor(distant_community.app, "A" * 43)) == 401
    bearer = {"Authorization": f"Bearer {token}"}
    anybody = Visitor(distant_community.app, "")
    assert (await anybody.get("/api/members", headers=bearer)).status_code == 200
    assert (await anybody.get("/api/members", headers={"Authorization": "x"})).status_code == 401


async def test_a_caller_whose_event_is_still_on_its_way_is_mirrored_on_the_spot(
    distant_auth: AuthService, distant_community: CommunityService, community_owner: Connection
) -> None:
    nova = (await distant_auth.signed_in(NOVA_ID)).at(distant_community.app)
    assert await community_owner.fetchval("SELECT count(*) FROM userbase") == 0

    assert (await nova.get("/api/members/me")).status_code == 200

    assert await community_owner.fetchval("SELECT username FROM userbase") == "nova.reyes"


async def test_a_known_caller_costs_no_question(
    distant_auth: AuthService, distant_community: CommunityService
) -> None:
    nova = (await distant_auth.signed_in(NOVA_ID)).at(distant_community.app)
    await distant_community.hears(nova)
    misses = distant_community.cache.misses

    for _ in range(20):
        assert await _status(nova) == 200

    assert distant_community.cache.misses == misses


@pytest.mark.parametrize("how", ["sign out", "by hand"])
async def test_what_ended_at_auth_is_refused_within_a_second(
    distant_auth: AuthService,
    distant_community: CommunityService,
    auth_owner: Connection,
    how: str,
) -> None:
    nova = await distant_auth.signed_in(NOVA_ID)
    there = nova.at(distant_community.app)
    await distant_community.hears(there)

    if how == "sign out":
        await nova.post("/auth/logout")
    else:
        await auth_owner.execute(REVOKE)

    await _refused_within(there, 1)


async def test_a_silent_stream_leaves_no_stale_answer(
    distant_auth: AuthService, distant_community: CommunityService, auth_owner: Connection
) -> None:
    stream = distant_auth.wire.gate(b"/internal/revocations")
    nova = (await distant_auth.signed_in(NOVA_ID)).at(distant_community.app)
    await distant_community.hears(nova)
    # The next stream goes through the gate; standing still, it looks as if it were alive.
    distant_auth.auth.revocations.end_all()
    await _until(lambda: len(distant_auth.auth.revocations) == 1)
    await distant_community.hears(nova)

    stream.clear()
    await auth_owner.execute(REVOKE)
    await _refused_within(nova, 1)
    stream.set()


async def test_a_stream_that_was_held_up_is_not_believed_for_what_it_said_then(
    distant_auth: AuthService, distant_community: CommunityService
) -> None:
    stream = distant_auth.wire.gate(b"/internal/revocations")
    distant_auth.auth.revocations.end_all()
    nova = (await distant_auth.signed_in(NOVA_ID)).at(distant_community.app)
    await distant_community.hears(nova)
    source = distant_community.cache._source
    assert source is not None

    stream.clear()
    await asyncio.sleep(0.6)
    before, released_at = source.confirmed_at, time.monotonic()
    stream.set()
    await _until(lambda: source.confirmed_at != before)

    # The first of the lines that were held up tells of the moment at which it was written.
    assert source.confirmed_at < released_at


async def test_a_reader_that_comes_back_believes_nothing_from_before(
    distant_auth: AuthService, distant_community: CommunityService, auth_owner: Connection
) -> None:
    nova = (await distant_auth.signed_in(NOVA_ID)).at(distant_community.app)
    cosmo = (await distant_auth.signed_in(COSMO_ID)).at(distant_community.app)
    await distant_community.hears(nova)
    await distant_community.hears(cosmo)

    # What ends in the gap is not repeated by anybody, and what did not end goes on.
    distant_auth.auth.revocations.end_all()
    await auth_owner.execute(
        f"{REVOKE} WHERE user_id = (SELECT id FROM users WHERE username = 'nova.reyes')"
    )
    assert await _status(cosmo) == 200
    await distant_community.hears(cosmo)

    assert await _status(nova) == 401


async def test_when_auth_itself_stopped_listening_for_a_while_nothing_is_stale(
    distant_auth: AuthService, distant_community: CommunityService, auth_owner: Connection
) -> None:
    nova = (await distant_auth.signed_in(NOVA_ID)).at(distant_community.app)
    cosmo = (await distant_auth.signed_in(COSMO_ID)).at(distant_community.app)
    await distant_community.hears(nova)

    await auth_owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'farout listens to farout_revocations'"
    )
    await auth_owner.execute(
        f"{REVOKE} WHERE user_id = (SELECT id FROM users WHERE username = 'nova.reyes')"
    )
    await _until(lambda: distant_auth.auth.revocations._latest.epoch == 2)
    await distant_community.hears(cosmo)

    assert await _status(nova) == 401


async def test_with_auth_away_a_known_session_answers_for_five_minutes_and_nobody_else(
    distant_auth: AuthService, distant_community: CommunityService, auth_owner: Connection
) -> None:
    known = (await distant_auth.signed_in(NOVA_ID)).at(distant_community.app)
    unknown = (await distant_auth.signed_in(COSMO_ID)).at(distant_community.app)
    await distant_community.hears(known)
    cache = distant_community.cache
    fallbacks = cache.fallbacks

    await distant_auth.wire.close()
    await _until(lambda: cache._source is not None and cache._source.confirmed_at < 0)
    assert [await _status(known), await _status(unknown)] == [200, 503]
    assert cache.fallbacks == fallbacks + 1
    cache.clock = lambda: time.monotonic() + 301
    assert [await _status(known), await _status(unknown)] == [503, 503]
    cache.clock = time.monotonic

    # Back again, auth's word counts at once.
    await auth_owner.execute(REVOKE)
    await distant_auth.wire.open(distant_auth.wire.port)
    assert [await _status(known), await _status(unknown)] == [401, 401]


async def test_a_wrong_key_closes_the_door(
    distant_auth: AuthService, migrated: Server, caplog: pytest.LogCaptureFixture
) -> None:
    nova = await distant_auth.signed_in(NOVA_ID)
    wrong = "wrong-0a1b2c3d4e5f60718293a4b5c6d7e8f9"

    async with community_service(migrated, distant_auth.wire.port, key=wrong) as community:
        there = nova.at(community.app)
        assert await _status(there) == 503

    assert "is not one of ours" in str([vars(one).get("detail") for one in caplog.records])
    assert wrong not in caplog.text


async def test_a_key_can_be_replaced_without_a_gap(migrated: Server, empty_databases: None) -> None:
    for keys in (OLD_KEY, f"{NEW_KEY},{OLD_KEY}"):
        async with (
            auth_service(migrated, keys=keys) as auth,
            community_service(migrated, auth.wire.port, key=OLD_KEY) as community,
        ):
            nova = (await auth.signed_in(NOVA_ID)).at(community.app)
            assert await _status(nova) == 200


async def test_a_reader_that_does_not_read_is_dropped(distant_auth: AuthService) -> None:
    revocations = distant_auth.auth.revocations
    before = len(revocations)
    request = f"GET /internal/revocations HTTP/1.1\r\nHost: a\r\nInternal-Token: {NEW_KEY}\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", distant_auth.wire.port, limit=1024)
    writer.write(request.encode())
    await _until(lambda: len(revocations) == before + 1)

    notice = "session 00000000-0000-0000-0000-000000000000"
    async with asyncio.timeout(30):
        while len(revocations) > before:
            for _ in range(500):
                revocations.publish(notice)
            await asyncio.sleep(0)
    writer.close()


async def test_what_waits_for_a_reader_is_bounded() -> None:
    broadcast = Broadcast()
    subscription = broadcast.subscribe()

    for number in range(MOST_PENDING * 3):
        broadcast.publish(f"session {number}")
        broadcast.confirm(float(number), 1)

    assert subscription.is_over
    assert await subscription.lines() == b""
    for _ in range(MOST_READERS - 1):
        broadcast.subscribe()
    with pytest.raises(TooManyReaders):
        broadcast.subscribe()
