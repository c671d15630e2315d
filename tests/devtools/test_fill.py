"""Made-up people are as real ones would have become: mirrored, counted, and able to go on."""

import pytest

from backend.community.projection.commands import compare_all
from backend.devtools.discord.seeds import NOVA_ID
from backend.devtools.fill import actions, shares
from backend.devtools.fill.actions import OwnerMustBeSuperuser, fill
from backend.devtools.postgres import OWNER
from backend.schema.histories import AUTH, COMMUNITY
from backend.schema.verify import verify
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection, Server

SAME = "user_id, uid, discord_id, username, email, role, is_active, version"


def _quiet(stage: str) -> None:
    pass


async def _fill(server: Server, members: int) -> int:
    urls = (server.url(OWNER, "farout_auth"), server.url(OWNER, "farout"))
    return await fill(*urls, members, tell=_quiet)


async def test_both_databases_agree_and_every_profile_says_what_the_ledger_says(
    farout: Farout, migrated: Server, auth_owner: Connection, community_owner: Connection
) -> None:
    assert await _fill(migrated, 300) == 300
    assert await _fill(migrated, 300) == 0
    assert await _fill(migrated, 420) == 120

    users = await auth_owner.fetch(
        "SELECT u.id, s.uid, u.discord_id, u.username, u.email, u.role, u.is_active, s.version"
        " FROM users u JOIN account_security s ON s.user_id = u.id ORDER BY u.id"
    )
    mirrored = await community_owner.fetch(f"SELECT {SAME} FROM userbase ORDER BY user_id")
    assert [tuple(row) for row in users] == [tuple(row) for row in mirrored]
    assert len(users) == 420
    assert len({row["version"] for row in users}) == 420
    assert await auth_owner.fetchval("SELECT count(*) FROM outbox") == 0
    assert await compare_all(farout.community) == (420, [])
    assert await community_owner.fetchval("SELECT count(*) FROM completions") > 420 * 7
    assert await _tally_is_right(community_owner)
    assert await community_owner.fetchval(
        "SELECT bool_and(seat <= capacity) FROM signups JOIN occurrence_slots ON id = slot_id"
    )


async def test_a_large_fill_leaves_every_index_as_it_was(
    farout: Farout, migrated: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_WORTH_IT", 10)
    monkeypatch.setattr(shares, "PEOPLE_OF_A_SHARE", 20)

    assert await _fill(migrated, 50) == 50

    assert await compare_all(farout.community) == (50, [])
    assert (await verify(AUTH, migrated.url(OWNER, "farout_auth"))).is_equal
    assert (await verify(COMMUNITY, migrated.url(OWNER, "farout"))).is_equal


async def test_a_fill_that_was_stopped_is_finished_by_the_next(
    farout: Farout, migrated: Server, community_owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_WORTH_IT", 10)
    monkeypatch.setattr(shares, "PEOPLE_OF_A_SHARE", 20)
    share, made = shares.Shares._make, list[int]()

    async def stop_after_two(self: shares.Shares, connection: object, place: int) -> None:
        await share(self, connection, place)
        made.append(place)
        if len(made) > 2:
            raise ConnectionError

    with monkeypatch.context() as stopped:
        stopped.setattr(shares.Shares, "_make", stop_after_two)
        with pytest.raises(ExceptionGroup):
            await _fill(migrated, 100)
    missing = 100 - await community_owner.fetchval("SELECT count(*) FROM members")
    assert 0 < missing < 100
    assert not (await verify(COMMUNITY, migrated.url(OWNER, "farout"))).is_equal

    assert await _fill(migrated, 100) == missing

    assert (await verify(COMMUNITY, migrated.url(OWNER, "farout"))).is_equal
    assert await compare_all(farout.community) == (100, [])
    assert await _tally_is_right(community_owner)


async def test_life_goes_on_among_made_up_people(farout: Farout, migrated: Server) -> None:
    await _fill(migrated, 100)
    officer = await farout.signed_in(NOVA_ID, role="officer")

    [first, second] = (await officer.get("/api/leaderboards/points?limit=2")).json()["items"]
    [mission, *_] = (await officer.get("/api/missions")).json()["items"]
    upcoming = (await officer.get("/api/occurrences")).json()["items"]

    assert (first["place"], first["value"] >= second["value"]) == (1, True)
    assert mission["title"] == "Amber Dawn"
    assert [slot["seated"] for slot in upcoming[0]["slots"]]
    signup = await officer.put(
        f"/api/occurrences/{upcoming[0]['id']}/signup", json={"slot": "pilot"}
    )
    assert signup.is_success
    award = {"member": first["member"], "training": "radio", "result": "waived"}
    assert (await officer.post("/api/completions", json=award)).status_code in (201, 409)
    assert (await compare_all(farout.community))[1] == []


async def test_an_owner_who_may_not_suspend_triggers_is_told_so(
    farout: Farout, migrated: Server
) -> None:
    urls = (
        migrated.url("farout_auth_service", "farout_auth"), migrated.url("farout_app", "farout"),
    )  # fmt: skip
    with pytest.raises(OwnerMustBeSuperuser):
        await fill(*urls, 5, tell=_quiet)


async def _tally_is_right(community: Connection) -> bool:
    differing = await community.fetchval(
        "SELECT count(*) FROM (SELECT period, counter, score_bucket(value) AS bucket, count(*) AS n"
        " FROM scores GROUP BY 1, 2, 3) s FULL JOIN (SELECT period, counter, bucket,"
        " sum(change) AS n FROM score_tally GROUP BY 1, 2, 3 HAVING sum(change) <> 0) t"
        " USING (period, counter, bucket) WHERE s.n IS DISTINCT FROM t.n"
    )
    return bool(differing == 0)
