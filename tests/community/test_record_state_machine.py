"""Whatever happens in whatever order, every profile says what the ledger says."""

import asyncio
import threading
from collections.abc import Coroutine
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
from backend.community.completions.schemas import NewCompletion, NewCompletions
from backend.community.missions.actions import change_mission
from backend.community.missions.errors import MissionArchived
from backend.community.missions.schemas import MissionChange
from backend.community.projection.commands import compare_all
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.devtools.postgres import OWNER
from tests.fixtures.application import community_settings
from tests.fixtures.databases import Server
from tests.fixtures.record import access

T = TypeVar("T")
MEMBERS = ("1", "2", "3")
MISSIONS = ("m-0", "m-1")
TEACHER = "9"
OFFICER = access(discord_id=TEACHER)
POINTS = {"m-0": 7, "m-1": 11, "t-0": 5}
EMPTY = """
DELETE FROM completion_revocations; DELETE FROM completions; DELETE FROM training_instructors;
DELETE FROM missions; DELETE FROM trainings; DELETE FROM member_counters; DELETE FROM counters;
DELETE FROM members; DELETE FROM audit_log;
"""
FILL = """
INSERT INTO members (discord_id, display_name)
    SELECT one, 'x' FROM unnest(ARRAY['1', '2', '3', '9']) one;
INSERT INTO missions (slug, title, points) VALUES ('m-0', 'x', 7), ('m-1', 'x', 11);
INSERT INTO trainings (slug, title, points, valid_days) VALUES ('t-0', 'x', 5, 30);
INSERT INTO training_instructors (training_id, member_id)
    SELECT trainings.id, members.id FROM trainings, members WHERE discord_id = '9';
INSERT INTO counters (key, title) VALUES ('kills', 'Kills');
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

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    def close(self) -> None:
        self.do(self.owner.execute(EMPTY))
        self.do(self.community.close())
        self.do(self.owner.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Record(RuleBasedStateMachine):
    """The model is a set of live entries: (member, what) to the entry's id."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.world.do(self.world.owner.execute(EMPTY + FILL))
        self.live: dict[tuple[str, str], UUID] = {}
        self.revoked: list[UUID] = []
        self.archived: set[str] = set()
        self.kills: dict[str, int] = {}

    @rule(member=st.sampled_from(MEMBERS), what=st.sampled_from(sorted(POINTS)))
    def award(self, member: str, what: str) -> None:
        kind = "mission" if what in MISSIONS else "training"
        new = NewCompletion.model_validate({"member": member, kind: what})

        async def act() -> UUID:
            async with self.world.community.database.transaction() as db:
                return (await award(db, new, by=OFFICER, origin=Origin()))[0].id

        try:
            given = self.world.do(act())
        except AlreadyCompleted:
            assert (member, what) in self.live
        except MissionArchived:
            assert what in self.archived
        else:
            assert (member, what) not in self.live
            self.live[member, what] = given

    @rule(
        members=st.lists(st.sampled_from(MEMBERS), unique=True, min_size=1),
        what=st.sampled_from(MISSIONS),
    )
    def bulk(self, members: list[str], what: str) -> None:
        async def act() -> Any:
            async with self.world.community.database.transaction() as db:
                new = NewCompletions(members=members, mission=what)
                return await award_all(db, new, by=OFFICER, origin=Origin())

        try:
            answer = self.world.do(act())
        except MissionArchived:
            assert what in self.archived
            return
        for one in answer.items:
            assert (one.status == "awarded") == ((one.member, what) not in self.live)
            if one.completion_id:
                self.live[one.member, what] = one.completion_id

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        known = [*self.live.values(), *self.revoked]
        if not known:
            return
        chosen = data.draw(st.sampled_from(known))

        async def act() -> None:
            async with self.world.community.database.transaction() as db:
                await revoke(db, chosen, "x", by=OFFICER, origin=Origin())

        try:
            self.world.do(act())
        except AlreadyRevoked:
            assert chosen in self.revoked
            return
        [held] = [key for key, value in self.live.items() if value == chosen]
        del self.live[held]
        self.revoked.append(chosen)

    @rule(what=st.sampled_from(MISSIONS), archived=st.booleans())
    def archive(self, what: str, archived: bool) -> None:
        async def act() -> None:
            async with self.world.community.database.transaction() as db:
                change = MissionChange(archived=archived, title="Renamed")
                await change_mission(db, what, change, by=OFFICER, origin=Origin())

        self.world.do(act())
        (self.archived.add if archived else self.archived.discard)(what)

    @rule(member=st.sampled_from(MEMBERS), value=st.integers(0, 1000))
    def count(self, member: str, value: int) -> None:
        self.world.do(
            self.world.owner.execute(
                "INSERT INTO member_counters SELECT id, 'kills', $2 FROM members"
                " WHERE discord_id = $1 ON CONFLICT (member_id, counter) DO UPDATE SET value = $2",
                member, value,
            )
        )  # fmt: skip
        self.kills[member] = value

    @invariant()
    def profiles_say_what_the_ledger_says(self) -> None:
        assert self.world.do(compare_all(self.world.community)) == (len(MEMBERS) + 1, [])
        rows = self.world.do(
            self.world.owner.fetch(
                "SELECT discord_id, stats -> 'counters' ->> 'points' AS points,"
                " stats -> 'counters' ->> 'kills' AS kills,"
                " ARRAY(SELECT one ->> 'id' FROM jsonb_array_elements(missions_completed ||"
                " trainings_completed) one) AS ids FROM members WHERE discord_id <> '9'"
            )
        )
        for row in rows:
            held = {what: at for (who, what), at in self.live.items() if who == row["discord_id"]}
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
    finally:
        Record.world.close()


def test_the_projection_equals_the_ledger_after_every_step(migrated: Server) -> None:
    _run(migrated, 10)


@pytest.mark.slow
def test_the_projection_equals_the_ledger_after_every_step_of_many_runs(migrated: Server) -> None:
    _run(migrated, 50)
