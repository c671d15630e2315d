"""The outbox is emptied by any number of workers; what fails waits, and holds nobody up."""

import asyncio
import itertools
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest

from backend.auth.outbox import actions
from backend.auth.outbox.queries import list_dead_letters, outbox_state
from backend.bridge.delivery import Failure
from backend.bridge.events import Event
from backend.database import Database
from tests.fixtures.application import one_row
from tests.fixtures.databases import Connection, Server
from tests.fixtures.mirror import Deliver, in_step

pytestmark = pytest.mark.usefixtures("empty_databases")


class Recorder:
    """A transport that writes down what it is given, and fails where a test says so."""

    def __init__(self, *, failures: dict[str, Failure] | None = None) -> None:
        self.seen: list[UUID] = []
        self.failures = failures or {}
        self.hold: asyncio.Event | None = None
        self.holding = asyncio.Event()

    async def deliver(self, events: Sequence[Event]) -> Sequence[Failure | None]:
        self.seen += [event.id for event in events]
        if self.hold is not None:
            self.holding.set()
            await self.hold.wait()
        return [self.failures.get(getattr(event.user, "username", "")) for event in events]

    async def close(self) -> None:
        pass


async def _make_users(auth: Connection, count: int) -> None:
    await auth.execute(
        "INSERT INTO users (username) SELECT 'user-' || n FROM generate_series(1, $1) AS n", count
    )


async def test_several_workers_share_the_work_and_deliver_each_event_once(
    auth_database: Database, auth_owner: Connection
) -> None:
    await _make_users(auth_owner, 300)
    recorder = Recorder()

    async def work() -> None:
        while await actions.deliver_due(auth_database, recorder, limit=20):
            pass

    await asyncio.gather(*(work() for _ in range(4)))

    assert len(recorder.seen) == len(set(recorder.seen)) == 300
    assert await auth_owner.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_worker_that_is_stuck_holds_up_nobody_else(
    auth_database: Database, auth_owner: Connection
) -> None:
    await _make_users(auth_owner, 2)
    stuck, quick = Recorder(), Recorder()
    stuck.hold = asyncio.Event()
    task = asyncio.create_task(actions.deliver_due(auth_database, stuck, limit=1))
    await stuck.holding.wait()

    assert await actions.deliver_due(auth_database, quick) == 1

    stuck.hold.set()
    assert await task == 1
    assert set(stuck.seen).isdisjoint(quick.seen)


async def test_an_early_id_that_commits_late_is_not_passed_over(
    migrated: Server, auth_database: Database, auth_owner: Connection
) -> None:
    recorder = Recorder()
    slow = await asyncpg.connect(migrated.url("farout_auth_service", "farout_auth"))
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("INSERT INTO users (username) VALUES ('slow')")
    await _make_users(auth_owner, 1)
    assert await actions.deliver_due(auth_database, recorder) == 1

    await transaction.commit()
    await slow.close()

    assert await actions.deliver_due(auth_database, recorder) == 1


async def test_an_event_that_is_refused_waits_longer_each_time_and_is_given_up(
    auth_database: Database, auth_owner: Connection
) -> None:
    await _make_users(auth_owner, 3)
    recorder = Recorder(failures={"user-2": Failure("answered 422")})
    waits = []
    for _ in range(actions.MOST_REFUSALS):
        await actions.deliver_due(auth_database, recorder)
        row = await one_row(
            auth_owner, "SELECT next_attempt_at - clock_timestamp() AS wait, dead_at FROM outbox"
        )
        waits.append(row["wait"].total_seconds())
        await auth_owner.execute("UPDATE outbox SET next_attempt_at = now()")

    # Doubled each time, of which up to a half is left to chance.
    assert all(later > 0.9 * earlier for earlier, later in itertools.pairwise(waits[:-1]))
    assert waits[-1] > 100
    assert row["dead_at"] is not None
    assert len(recorder.seen) == 3 + actions.MOST_REFUSALS - 1
    async with auth_database.transaction() as db:
        [letter] = await list_dead_letters(db)
        state = await outbox_state(db)
    assert (letter.error, letter.attempts) == ("answered 422", actions.MOST_REFUSALS)
    assert (state.pending, state.dead) == (0, 1)


async def test_while_nobody_answers_no_event_is_given_up(
    auth_database: Database, auth_owner: Connection
) -> None:
    await _make_users(auth_owner, 1)
    away = Recorder(failures={"user-1": Failure("no answer", is_target_away=True)})
    for _ in range(3 * actions.MOST_REFUSALS):
        await actions.deliver_due(auth_database, away)
        await auth_owner.execute("UPDATE outbox SET next_attempt_at = now()")

    row = await one_row(auth_owner, "SELECT dead_at, attempts FROM outbox")
    assert row["dead_at"] is None
    assert row["attempts"] == 3 * actions.MOST_REFUSALS


async def test_retry_after_is_kept_to(auth_database: Database, auth_owner: Connection) -> None:
    await _make_users(auth_owner, 1)
    busy = Recorder(
        failures={"user-1": Failure("answered 429", is_target_away=True, retry_after=30)}
    )

    await actions.deliver_due(auth_database, busy)

    wait = await auth_owner.fetchval("SELECT next_attempt_at - clock_timestamp() FROM outbox")
    assert wait.total_seconds() > 29


async def test_a_poison_event_is_set_aside_and_replayed_when_it_was_mended(
    auth_database: Database, auth_owner: Connection, community_owner: Connection, deliver: Deliver
) -> None:
    await _make_users(auth_owner, 5)
    await auth_owner.execute(
        "UPDATE outbox SET payload = payload - 'role' WHERE payload ->> 'username' = 'user-3'"
    )

    await deliver()

    assert await community_owner.fetchval("SELECT count(*) FROM userbase") == 4
    async with auth_database.transaction() as db:
        [letter] = await list_dead_letters(db)
    assert letter.error == "these fields are missing or wrong: role"

    await auth_owner.execute("""UPDATE outbox SET payload = payload || '{"role": "member"}'""")
    async with auth_database.transaction() as db:
        assert await actions.replay_dead_letters(db, [letter.event_id]) == 1
    await deliver()

    assert await in_step(auth_owner, community_owner)
    assert await auth_owner.fetchval("SELECT count(*) FROM outbox") == 0


async def test_values_that_the_mirror_cannot_hold_are_found_among_the_good_ones(
    auth_owner: Connection, community_owner: Connection, deliver: Deliver
) -> None:
    await _make_users(auth_owner, 5)
    await auth_owner.execute(
        r"""UPDATE outbox SET payload = payload || jsonb_build_object('user_id', '0')
            WHERE payload ->> 'username' = 'user-3'"""
    )
    await community_owner.execute("ALTER TABLE userbase ADD CONSTRAINT no_zero CHECK (user_id > 0)")
    try:
        await deliver()
    finally:
        await community_owner.execute("ALTER TABLE userbase DROP CONSTRAINT no_zero")

    assert await community_owner.fetchval("SELECT count(*) FROM userbase") == 4
    assert await auth_owner.fetchval("SELECT dead_at IS NOT NULL FROM outbox")
