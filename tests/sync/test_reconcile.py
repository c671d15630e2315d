"""Reconcile makes the mirror what auth says, whatever happened to it, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from backend.bridge.events import DeletedUser
from backend.community.mirror.actions import apply_states
from backend.community.mirror.errors import ReconcileRunning
from backend.community.mirror.reconcile import LOCK, reconcile
from backend.database import Database, DatabaseUnavailable
from backend.devtools.postgres import OWNER
from tests.fixtures.databases import Server
from tests.security.corpora import by_id, cases
from tests.sync.conftest import Sides


async def _fill(sides: Sides, count: int = 30) -> None:
    await sides.add_users(count)
    await sides.deliver()
    assert await sides.mirrored() == await sides.masters()


async def test_an_emptied_mirror_is_rebuilt_row_by_row(sides: Sides) -> None:
    await _fill(sides)
    await sides.community_owner.execute("TRUNCATE userbase")

    outcome = await sides.reconcile()

    assert await sides.mirrored() == await sides.masters()
    assert (outcome.users, outcome.missing, outcome.repaired) == (30, 30, 30)
    assert (outcome.differing, outcome.surplus) == (0, 0)
    again = await sides.reconcile()
    assert (again.users, again.drift, again.repaired) == (30, 0, 0)


async def test_each_kind_of_drift_is_counted_and_mended(sides: Sides) -> None:
    await _fill(sides)
    await sides.auth_owner.execute(
        "UPDATE users SET role = 'officer' WHERE username = 'user-3';"
        "DELETE FROM users WHERE username IN ('user-4', 'user-5', 'user-30')"
    )
    await sides.lose_events()
    await sides.community_owner.execute("DELETE FROM userbase WHERE username = 'user-9'")

    outcome = await sides.reconcile()

    assert (outcome.missing, outcome.differing, outcome.surplus) == (1, 1, 3)
    assert outcome.repaired == 5
    assert await sides.mirrored() == await sides.masters()


async def test_what_the_community_owns_survives_a_repair(sides: Sides) -> None:
    await _fill(sides)
    await sides.community_owner.execute(
        "UPDATE userbase SET plan_tier = 'gold', username = 'x' WHERE username = 'user-3'"
    )

    await sides.reconcile()

    assert await sides.community_owner.fetchval(
        "SELECT username FROM userbase WHERE plan_tier = 'gold'"
    ) == "user-3"  # fmt: skip


async def test_a_deleted_user_leaves_a_tombstone_that_no_late_event_raises(sides: Sides) -> None:
    await _fill(sides)
    await sides.auth_owner.execute("UPDATE users SET role = 'admin' WHERE username = 'user-3'")
    late = await sides.directory.page(after=0, upto=None, limit=100)
    await sides.auth_owner.execute("DELETE FROM users WHERE username = 'user-3'")
    await sides.lose_events()

    await sides.reconcile()
    await apply_states(sides.mirror, late)

    assert await sides.mirrored() == await sides.masters()
    assert await sides.community_owner.fetchval("SELECT count(*) FROM userbase") == 30


async def test_a_dry_run_says_the_same_and_changes_nothing(sides: Sides) -> None:
    await _fill(sides)
    await sides.auth_owner.execute("DELETE FROM users WHERE username = 'user-4'")
    await sides.lose_events()
    await sides.community_owner.execute(
        "DELETE FROM userbase WHERE username = 'user-9';"
        "UPDATE userbase SET email = 'x' WHERE username = 'user-10'"
    )
    before = await sides.mirrored()

    outcome = await sides.reconcile(dry_run=True)

    assert (outcome.missing, outcome.differing, outcome.surplus) == (1, 1, 1)
    assert outcome.repaired == 0
    assert await sides.mirrored() == before
    assert await sides.community_owner.fetchval("SELECT count(*) FROM sync_checks") == 0
    assert await sides.auth_owner.fetchval("SELECT count(*) FROM outbox") == 0


async def test_an_event_on_its_way_is_no_drift(sides: Sides) -> None:
    await _fill(sides)
    await sides.auth_owner.execute(
        "UPDATE users SET role = 'officer' WHERE username = 'user-3';"
        "DELETE FROM users WHERE username = 'user-4';"
        "INSERT INTO users (username) VALUES ('just-now')"
    )

    async def arrive(number: int) -> None:
        if number == 1:
            await sides.deliver()

    sides.directory.on_page = arrive  # type: ignore[method-assign]
    outcome = await sides.reconcile(page=100)

    assert sides.directory.pages == 2, "the suspects are looked at again"
    assert (outcome.drift, outcome.repaired) == (0, 0)
    assert await sides.mirrored() == await sides.masters()


async def test_news_between_the_two_looks_is_no_drift_either(sides: Sides) -> None:
    await _fill(sides)
    await sides.auth_owner.execute("UPDATE users SET role = 'officer' WHERE username = 'user-3'")

    async def arrive_and_change_again(number: int) -> None:
        if number == 1:
            await sides.deliver()
            await sides.auth_owner.execute(
                "UPDATE users SET role = 'admin' WHERE username = 'user-3'"
            )

    sides.directory.on_page = arrive_and_change_again  # type: ignore[method-assign]
    outcome = await sides.reconcile(page=100)

    assert (outcome.drift, outcome.repaired) == (0, 0)


async def test_a_mirror_ahead_of_auth_follows_auth_again(sides: Sides) -> None:
    """As after auth was restored from a backup: versions and users are gone that the mirror knows."""
    await _fill(sides)
    await sides.community_owner.execute(
        "UPDATE userbase SET version = version + 5000000, role = 'admin' WHERE user_id % 2 = 0"
    )
    buried = (await sides.directory.page(after=0, upto=None, limit=1))[0]
    await apply_states(sides.mirror, [DeletedUser(buried.uid, buried.user_id, 7_000_000)])

    outcome = await sides.reconcile()

    assert (outcome.missing, outcome.repaired) == (1, 16 if buried.user_id % 2 else 15)
    assert await sides.mirrored() == await sides.masters()
    await sides.auth_owner.execute("UPDATE users SET role = 'officer' WHERE username = 'user-6'")
    await sides.deliver()
    assert await sides.mirrored() == await sides.masters()
    assert (await sides.reconcile()).drift == 0


async def test_an_auth_database_without_its_users_is_not_believed(sides: Sides) -> None:
    await _fill(sides, 150)
    await sides.auth_owner.execute("DELETE FROM users WHERE username <> 'user-1'")
    await sides.lose_events()

    outcome = await sides.reconcile(page=50)
    assert (outcome.surplus, outcome.held_back, outcome.repaired) == (149, 149, 0)
    assert len(await sides.mirrored()) == 150

    meant = await reconcile(sides.mirror, sides.directory, delete_many=True, settle_seconds=0)
    assert (meant.surplus, meant.held_back, meant.repaired) == (149, 0, 149)
    assert await sides.mirrored() == await sides.masters()


async def test_ten_may_go_unasked_and_eleven_wait_for_a_word(sides: Sides) -> None:
    """As after auth was restored from a backup that is older than the newest eleven."""
    await _fill(sides, 150)
    await sides.auth_owner.execute("DELETE FROM users WHERE id IN (SELECT max(id) FROM users)")
    await sides.auth_owner.execute(
        "DELETE FROM users WHERE id IN (SELECT id FROM users ORDER BY id DESC LIMIT 10)"
    )
    await sides.lose_events()

    looked = await sides.reconcile(dry_run=True)
    assert (looked.surplus, looked.held_back) == (11, 0)
    held = await sides.reconcile(page=4)
    assert (held.surplus, held.held_back, held.repaired) == (11, 11, 0)
    assert len(await sides.mirrored()) == 150

    await sides.community_owner.execute(
        "DELETE FROM userbase WHERE user_id = (SELECT max(user_id) FROM userbase)"
    )
    few = await sides.reconcile(page=4)
    assert (few.surplus, few.held_back, few.repaired) == (10, 0, 10)
    assert await sides.mirrored() == await sides.masters()


async def test_the_result_is_kept_and_old_results_go(sides: Sides) -> None:
    await _fill(sides, 3)
    await sides.community_owner.execute(
        "INSERT INTO sync_checks"
        " (finished_at, users, missing, differing, surplus, repaired, milliseconds)"
        " VALUES (now() - interval '31 days', 1, 0, 0, 0, 0, 1);"
        "DELETE FROM userbase WHERE username = 'user-2'"
    )

    await sides.reconcile()

    rows = await sides.community_owner.fetch("SELECT users, missing, repaired FROM sync_checks")
    assert [tuple(row) for row in rows] == [(3, 1, 1)]


# The cases of tests/corpus/webhooks.json that speak of reconcile, judged one by one.


async def _owner_wins(sides: Sides) -> None:
    """1 % random rows damaged on the copy, in all copied fields."""
    await _fill(sides, 200)
    before = await sides.masters()
    await sides.community_owner.execute(
        "UPDATE userbase SET email = 'wrong@example.org', role = 'admin', username = 'wrong'"
        " WHERE user_id IN (SELECT user_id FROM userbase ORDER BY random() LIMIT 2)"
    )

    outcome = await sides.reconcile(page=50)

    assert (outcome.differing, outcome.repaired) == (2, 2)
    masters = await sides.masters()
    assert [row[3:] for row in masters] == [row[3:] for row in before]
    assert await sides.mirrored() == masters


async def _one_of_three_runs(sides: Sides) -> None:
    await _fill(sides)
    await sides.community_owner.execute("TRUNCATE userbase")
    all_asked = asyncio.Event()
    refused = 0

    async def wait_for_the_others(number: int) -> None:
        await all_asked.wait()

    async def run() -> int:
        nonlocal refused
        try:
            return (await sides.reconcile()).repaired
        except ReconcileRunning:
            refused += 1
            if refused == 2:
                all_asked.set()
            return 0

    sides.directory.on_page = wait_for_the_others  # type: ignore[method-assign]
    async with asyncio.timeout(20):
        repaired = await asyncio.gather(run(), run(), run())

    assert sorted(repaired) == [0, 0, 30]
    assert await sides.mirrored() == await sides.masters()


async def _the_next_run_finishes(sides: Sides) -> None:
    await _fill(sides)
    await sides.community_owner.execute("TRUNCATE userbase")
    half_way = asyncio.Event()

    async def stop(number: int) -> None:
        # Each stretch is looked at twice, so two of five are repaired now.
        if number == 5:
            half_way.set()
            await asyncio.Event().wait()

    sides.directory.on_page = stop  # type: ignore[method-assign]
    run = asyncio.create_task(sides.reconcile(settle_seconds=0))
    async with asyncio.timeout(20):
        await half_way.wait()
    # As kill -9 looks to PostgreSQL: the connections of the process break off.
    await sides.community_owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'farout_sync'"
    )
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)

    done = await sides.mirrored()
    masters = await sides.masters()
    assert 0 < len(done) < 30
    assert done == masters[: len(done)], "what was repaired is right, the rest untouched"
    del sides.directory.on_page
    outcome = await sides.reconcile()
    assert outcome.repaired == 30 - len(done)
    assert await sides.mirrored() == masters


async def _no_event_is_overwritten(sides: Sides) -> None:
    """What a repair is about to write is out of date, and the news has arrived already."""
    await _fill(sides)
    await sides.community_owner.execute("DELETE FROM userbase WHERE user_id % 3 = 0")
    await sides.community_owner.execute("CREATE TABLE older (version bigint)")
    await sides.community_owner.execute("""
        CREATE FUNCTION note_older() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF NEW.version < OLD.version THEN INSERT INTO older VALUES (NEW.version); END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER note_older AFTER UPDATE ON userbase
        FOR EACH ROW EXECUTE FUNCTION note_older()
    """)

    async def flood(number: int) -> None:
        if number % 2:
            return
        # The second look at a stretch, with rows that were missing at both.
        await sides.auth_owner.execute(
            "UPDATE users SET role = CASE role WHEN 'member' THEN 'officer' ELSE 'member' END;"
            f"DELETE FROM users WHERE username = 'user-{number}'"
        )
        await sides.deliver()

    sides.directory.on_page = flood  # type: ignore[method-assign]
    try:
        outcome = await sides.reconcile(settle_seconds=0)
        assert outcome.missing > 0
        assert await sides.mirrored() == await sides.masters()
        assert await sides.community_owner.fetchval("SELECT count(*) FROM older") == 0
    finally:
        await sides.community_owner.execute(
            "DROP TRIGGER note_older ON userbase; DROP FUNCTION note_older(); DROP TABLE older"
        )


async def _nothing_is_deleted(sides: Sides) -> None:
    await _fill(sides)
    before = await sides.mirrored()

    async def go_away(number: int) -> None:
        if number == 2:
            raise DatabaseUnavailable

    sides.directory.on_page = go_away  # type: ignore[method-assign]
    with pytest.raises(DatabaseUnavailable):
        await sides.reconcile()
    nowhere = Database("postgresql://farout_auth_service:x@127.0.0.1:1/farout_auth")
    with pytest.raises(DatabaseUnavailable):
        await reconcile(sides.mirror, type(sides.directory)(nowhere))
    await nowhere.close()

    assert await sides.mirrored() == before
    assert await sides.community_owner.fetchval("SELECT count(*) FROM sync_checks") == 0


Judge = Callable[[Sides], Awaitable[None]]
JUDGES: dict[str, Judge] = {
    "wh-rec-2": _owner_wins,
    "wh-rec-3": _one_of_three_runs,
    "wh-rec-4": _the_next_run_finishes,
    "wh-rec-5": _no_event_is_overwritten,
    "wh-rec-6": _nothing_is_deleted,
}


@pytest.mark.parametrize("case", by_id(c for c in cases("webhooks") if c["id"] in JUDGES))
async def test_the_corpus(sides: Sides, case: dict[str, str]) -> None:
    await JUDGES[case["id"]](sides)


async def test_the_lock_is_given_back(sides: Sides, migrated: Server) -> None:
    other = Database(migrated.url("farout_sync", "farout"))
    async with sides.mirror.try_lock(LOCK) as is_ours:
        assert is_ours
        async with other.try_lock(LOCK) as is_theirs:
            assert not is_theirs
    async with other.try_lock(LOCK) as is_theirs:
        assert is_theirs
    await other.close()


async def test_holding_the_lock_takes_no_connection_from_the_others(
    sides: Sides, migrated: Server
) -> None:
    await _fill(sides)
    await sides.community_owner.execute("TRUNCATE userbase")
    narrow = Database(migrated.url("farout_sync", "farout"), pool_size=1)
    async with narrow.try_lock("something else"):
        outcome = await reconcile(narrow, sides.directory, settle_seconds=0)
    await narrow.close()

    assert outcome.repaired == 30


@pytest.mark.slow
async def test_a_hundred_thousand_users_are_rebuilt_although_statistics_know_of_none(
    sides: Sides, migrated: Server
) -> None:
    # As after a restore in one transaction that autovacuum met half-way: the statistics say "empty".
    autovacuum = await asyncpg.connect(migrated.url(OWNER, "farout_auth"))
    async with sides.auth_owner.transaction():
        await sides.add_users(100_000)
        await autovacuum.execute("ANALYZE users, account_security")
    await autovacuum.close()
    await sides.lose_events()

    outcome = await reconcile(sides.mirror, sides.directory)
    nothing = await reconcile(sides.mirror, sides.directory)
    await sides.auth_owner.execute("ANALYZE users, account_security")

    assert outcome.repaired == 100_000
    assert await sides.mirrored() == await sides.masters()
    assert nothing.drift == 0
