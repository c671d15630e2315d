"""Whatever happens in whatever order, every profile says what the ledger says."""

import asyncio
import threading
from collections.abc import Coroutine
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from backend.community.audit.origin import Origin
from backend.community.completions.actions import award, award_all, revoke
from backend.community.completions.errors import AlreadyCompleted, AlreadyRevoked
from backend.community.completions.queries import differing
from backend.community.completions.schemas import NewCompletion, NewCompletions
from backend.community.counters.actions import set_counter
from backend.community.counters.schemas import CounterChange
from backend.community.missions.actions import change_mission
from backend.community.missions.errors import MissionArchived
from backend.community.missions.schemas import MissionChange
from backend.community.projection.commands import compare_all
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.community.standings.queries import differing_scores
from backend.devtools.postgres import OWNER
from backend.schema.histories import COMMUNITY
from tests.fixtures.application import community_settings
from tests.fixtures.databases import Server
from tests.fixtures.record import access

T = TypeVar("T")
MEMBERS = ("1", "2", "3")
MISSIONS = ("m-0", "m-1")
TEACHER = "9"
POINTS = {"m-0": 7, "m-1": 11, "t-0": 5}
# Each run has people and a catalogue of its own: emptied again and again, the tables would fill with
# dead rows, and every run would be slower than the one before. $1 and $2: the ids of the people, and
# what names the run.
FILL = """
WITH people AS (
    INSERT INTO members (discord_id, display_name) SELECT one, 'x' FROM unnest($1::text[]) one
    RETURNING id, discord_id
),
flights AS (
    INSERT INTO missions (slug, title, points) VALUES ('m-0' || $2, 'x', 7), ('m-1' || $2, 'x', 11)
),
lessons AS (
    INSERT INTO trainings (slug, title, points, valid_days) VALUES ('t-0' || $2, 'x', 5, 30)
    RETURNING id
),
listed AS (
    INSERT INTO training_instructors (training_id, member_id)
    SELECT lessons.id, people.id FROM lessons, people WHERE discord_id = $1[4]
)
SELECT id FROM people
"""
HOLDINGS = """
SELECT discord_id, stats -> 'counters' ->> 'points' AS points,
    stats -> 'counters' ->> 'kills' AS kills,
    ARRAY(SELECT one ->> 'id' FROM jsonb_array_elements(missions_completed || trainings_completed) one)
        AS ids
FROM members WHERE id = ANY ($1) AND discord_id <> $2
"""


class World:
    """A loop in a thread of its own, so that the machine's plain functions can wait for it."""

    def __init__(self, server: Server) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.do(self._open(community_settings(server), server.url(OWNER, "farout")))

    async def _open(self, chosen: CommunitySettings, owner: str) -> None:
        self.community = Community.from_settings(chosen)
        self.owner = await asyncpg.connect(owner)
        await self.owner.execute("INSERT INTO counters (key, title) VALUES ('kills', 'Kills')")

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    async def act(self, action: Any, *arguments: Any, by: Any) -> Any:
        async with self.community.database.transaction() as db:
            return await action(db, *arguments, by=by, origin=Origin())

    async def differing(self, ids: list[int]) -> list[int]:
        async with self.community.database.transaction() as db:
            return [*await differing(db, ids), *await differing_scores(db, ids)]

    def close(self) -> None:
        tables = [table.name for table in reversed(COMMUNITY.metadata.sorted_tables)]
        kept = {"ranks", "role_permissions", "signing_secrets"}
        emptied = "; ".join(f"DELETE FROM {table}" for table in tables if table not in kept)
        self.do(self.owner.execute(emptied))
        self.do(self.community.close())
        self.do(self.owner.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Record(RuleBasedStateMachine):
    """The model is a set of live entries: (member, what) to the entry's id."""

    world: World
    _runs = count(1)

    def __init__(self) -> None:
        super().__init__()
        run = next(self._runs)
        self.people = {one: f"{run}{one}" for one in (*MEMBERS, TEACHER)}
        self.suffix = f"-{run}"
        rows = self.world.do(self.world.owner.fetch(FILL, list(self.people.values()), self.suffix))
        self.ids = [row["id"] for row in rows]
        self.officer = access(discord_id=self.people[TEACHER])
        self.live: dict[tuple[str, str], UUID] = {}
        self.revoked: list[UUID] = []
        self.archived: set[str] = set()
        self.kills: dict[str, int] = {}

    def act(self, action: Any, *arguments: Any) -> Any:
        return self.world.do(self.world.act(action, *arguments, by=self.officer))

    @rule(member=st.sampled_from(MEMBERS), what=st.sampled_from(sorted(POINTS)))
    def award(self, member: str, what: str) -> None:
        kind = "mission" if what in MISSIONS else "training"
        body = {"member": self.people[member], kind: what + self.suffix}
        try:
            given = self.act(award, NewCompletion.model_validate(body))
        except AlreadyCompleted:
            assert (member, what) in self.live
        except MissionArchived:
            assert what in self.archived
        else:
            assert (member, what) not in self.live
            self.live[member, what] = given[0].id

    @rule(
        members=st.lists(st.sampled_from(MEMBERS), unique=True, min_size=1),
        what=st.sampled_from(MISSIONS),
    )
    def bulk(self, members: list[str], what: str) -> None:
        wanted = [self.people[one] for one in members]
        try:
            answer = self.act(award_all, NewCompletions(members=wanted, mission=what + self.suffix))
        except MissionArchived:
            assert what in self.archived
            return
        for member, one in zip(members, answer.items, strict=True):
            assert one.member == self.people[member]
            assert (one.status == "awarded") == ((member, what) not in self.live)
            if one.completion_id:
                self.live[member, what] = one.completion_id

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        known = [*self.live.values(), *self.revoked]
        if not known:
            return
        chosen = data.draw(st.sampled_from(known))
        try:
            self.act(revoke, chosen, "x")
        except AlreadyRevoked:
            assert chosen in self.revoked
            return
        [held] = [key for key, value in self.live.items() if value == chosen]
        del self.live[held]
        self.revoked.append(chosen)

    @rule(what=st.sampled_from(MISSIONS), archived=st.booleans())
    def archive(self, what: str, archived: bool) -> None:
        change = MissionChange(archived=archived, title="Renamed")
        self.act(change_mission, what + self.suffix, change)
        (self.archived.add if archived else self.archived.discard)(what)

    @rule(member=st.sampled_from(MEMBERS), value=st.integers(0, 1000))
    def count(self, member: str, value: int) -> None:
        self.act(set_counter, self.people[member], "kills", CounterChange(value=value))
        self.kills[self.people[member]] = value

    @invariant()
    def profiles_say_what_the_ledger_says(self) -> None:
        assert self.world.do(self.world.differing(self.ids)) == []
        rows = self.world.do(self.world.owner.fetch(HOLDINGS, self.ids, self.people[TEACHER]))
        assert len(rows) == len(MEMBERS)
        for row in rows:
            held = {
                what: at
                for (who, what), at in self.live.items()
                if self.people[who] == row["discord_id"]
            }
            assert sorted(row["ids"]) == sorted(str(one) for one in held.values())
            assert int(row["points"] or 0) == sum(POINTS[what] for what in held)
            assert int(row["kills"] or 0) == self.kills.get(row["discord_id"], 0)


def _run(server: Server, examples: int) -> None:
    Record.world = World(server)
    try:
        run_state_machine_as_test(
            Record,
            settings=settings(
                max_examples=examples, stateful_step_count=30, deadline=None,
                suppress_health_check=list(HealthCheck), database=None,
            ),
        )  # fmt: skip
        assert Record.world.do(compare_all(Record.world.community))[1] == []
    finally:
        Record.world.close()


def test_the_projection_equals_the_ledger_after_every_step(migrated: Server) -> None:
    _run(migrated, 10)


@pytest.mark.slow
def test_the_projection_equals_the_ledger_after_every_step_of_many_runs(migrated: Server) -> None:
    _run(migrated, 150)
