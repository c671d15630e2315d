"""Careers: the rank is always what the history says, and nobody climbs by himself."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.community.access.queries import Access
from backend.community.audit.origin import AT_A_SHELL
from backend.community.ranks import actions, queries
from backend.community.ranks.errors import RankUnchanged
from backend.community.ranks.schemas import RankChangeRequest
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout, one_row
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection

TODAY = datetime.now(UTC).date()
AN_UID = UUID("0198c0de-0000-7000-8000-000000000001")
LADDER = ("recruit", "member", "veteran", "captain")


def day(back: int) -> str:
    return (TODAY - timedelta(days=back)).isoformat()


async def rank(
    browser: Browser, to: str, *, of: str = "900", back: int | None = None
) -> httpx2.Response:
    body: dict[str, Any] = {"rank": to, "reason": "It was time."}
    if back is not None:
        body["effective_on"] = day(back)
    return await browser.post(f"/api/members/{of}/rank-changes", json=body)


async def undo(browser: Browser, change: httpx2.Response) -> httpx2.Response:
    path = f"/api/rank-changes/{change.json()['change']['id']}/undo"
    return await browser.post(path, json={"reason": "By mistake."})


@pytest.fixture
async def officer(people: People, community_owner: Connection) -> Browser:
    await add_member(community_owner, 900, "Ada")
    return await people.sign_in(NOVA_ID, role="officer", rank="captain")


async def test_promotes_and_demotes_with_a_reason(
    officer: Browser, people: People, community_owner: Connection
) -> None:
    up = await rank(officer, "veteran")
    down = await rank(officer, "recruit")

    assert (up.status_code, up.json()["rank"], up.json()["change"]["kind"]) == (
        201, "veteran", "promotion",
    )  # fmt: skip
    assert (down.json()["rank"], down.json()["change"]["kind"]) == ("recruit", "demotion")
    row = await one_row(community_owner, "SELECT rank FROM members WHERE discord_id = '900'")
    assert row["rank"] == "recruit"
    career = (await officer.get("/api/members/900/rank-changes")).json()["items"]
    assert [(step["kind"], step["rank"]) for step in career] == [
        ("demotion", "recruit"), ("promotion", "veteran"), ("initial", "member"),
    ]  # fmt: skip
    assert career[0]["reason"] == "It was time."
    assert await people.audited() == ["member.rank_changed", "member.rank_changed"]


async def test_backdating_behind_a_later_change_leaves_the_rank(officer: Browser) -> None:
    await rank(officer, "veteran", back=2)

    earlier = await rank(officer, "recruit", back=10)

    assert (earlier.status_code, earlier.json()["rank"]) == (201, "veteran")
    assert earlier.json()["change"]["kind"] == "demotion"


async def test_undoing_any_step_leads_where_the_rest_of_the_history_does(
    officer: Browser, people: People
) -> None:
    first = await rank(officer, "veteran", back=5)
    second = await rank(officer, "recruit", back=3)
    await people.audited()

    assert (await undo(officer, first)).json()["rank"] == "recruit"
    assert (await undo(officer, second)).json()["rank"] == "member"

    again = await undo(officer, second)
    assert (again.status_code, again.json()["code"]) == (409, "rank_change_undone")
    assert await people.audited() == ["member.rank_change_undone"] * 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"rank": "member", "reason": "x"}, 409, "rank_unchanged"),
        ({"rank": "admiral", "reason": "x"}, 404, "rank_not_found"),
        (
            {"rank": "veteran", "reason": "x", "effective_on": "2999-01-01"},
            400,
            "rank_date_in_future",
        ),
        ({"rank": "veteran", "reason": "  "}, 422, "invalid_request"),
        ({"rank": "veteran"}, 422, "invalid_request"),
        ({"rank": "veteran", "reason": "x", "effective_on": "yesterday"}, 422, "invalid_request"),
        ({"rank": "veteran", "reason": "x", "effective_on": "0000-00-00"}, 422, "invalid_request"),
        ({"rank": "veteran", "reason": "nul\0"}, 422, "invalid_request"),
        ({"rank": "veteran", "reason": "x", "changed_by": None}, 422, "invalid_request"),
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    officer: Browser, people: People, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await officer.post("/api/members/900/rank-changes", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await people.audited() == []
    assert (await officer.get("/api/members/900/rank-changes")).json()["items"] == []


async def test_nobody_promotes_himself_or_anyone_at_or_above_his_own_rank(
    officer: Browser, people: People, community_owner: Connection
) -> None:
    await add_member(community_owner, 901, "Captain too", rank="captain")
    await add_member(community_owner, 902, "Not on the ladder", rank="Grand Duke")

    for of, to, code in (
        (NOVA_ID, "veteran", "cannot_rank_yourself"),
        ("901", "recruit", "rank_too_high"),
        ("900", "captain", "rank_too_high"),
    ):
        answer = await rank(officer, to, of=of)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert (await rank(officer, "recruit", of="902")).status_code == 201
    assert await people.audited() == ["member.rank_changed"]


async def test_undoing_cannot_lead_above_ones_own_rank_either(
    officer: Browser, people: People, community_owner: Connection
) -> None:
    admin = await people.sign_in(COSMO_ID, role="admin")
    await rank(admin, "captain", back=5)
    down = await rank(admin, "recruit")

    answer = await undo(officer, down)

    assert (answer.status_code, answer.json()["code"]) == (403, "rank_too_high")
    row = await one_row(community_owner, "SELECT rank FROM members WHERE discord_id = '900'")
    assert row["rank"] == "recruit"


async def test_admins_stand_above_the_ladder_and_not_on_their_own_step(people: People) -> None:
    admin = await people.sign_in(COSMO_ID, role="admin")
    await people.sign_in(NOVA_ID)

    assert (await rank(admin, "captain", of=NOVA_ID)).json()["rank"] == "captain"
    own = await rank(admin, "captain", of=COSMO_ID)
    assert (own.status_code, own.json()["code"]) == (403, "cannot_rank_yourself")


async def test_reasons_are_for_those_who_promote_and_for_the_member(
    officer: Browser, people: People
) -> None:
    cosmo = await people.sign_in(COSMO_ID)
    await rank(officer, "recruit")
    await rank(officer, "recruit", of=COSMO_ID)

    others = (await cosmo.get("/api/members/900/rank-changes")).json()["items"]
    own = (await cosmo.get(f"/api/members/{COSMO_ID}/rank-changes")).json()["items"]

    assert (others[0]["rank"], others[0]["reason"], others[0]["changed_by"]) == (
        "recruit", None, None,
    )  # fmt: skip
    assert own[0]["reason"] == "It was time."


async def test_twenty_officers_at_once_leave_a_rank_that_the_history_says(
    people: People, farout: Farout, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Ada")
    admin = await people.sign_in(NOVA_ID, role="admin")
    await people.open_connections(admin)

    answers = await asyncio.gather(*(rank(admin, LADDER[n % 4], back=n % 7) for n in range(20)))

    # A busy machine may let somebody wait for the row for too long, and says so.
    assert {201} <= {answer.status_code for answer in answers} <= {201, 409, 503}
    async with farout.community.database.transaction() as db:
        assert await queries.list_wrong_ranks(db) == []
    initial = "SELECT count(*) FROM rank_changes WHERE kind = 'initial'"
    assert await community_owner.fetchval(initial) == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(LADDER), st.integers(0, 9)),
        st.tuples(st.just("undo"), st.integers(0, 9)),
    ),
    max_size=12,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_replaying_any_history_gives_the_same_rank(
    farout: Farout, community_owner: Connection, steps: list[tuple[str, int]]
) -> None:
    await community_owner.execute("DELETE FROM rank_changes; DELETE FROM members")
    await add_member(community_owner, 900, "Ada")
    admin = Access(AN_UID, "admin", None, frozenset())
    live: list[tuple[int, int, str]] = []
    for what, number in steps:
        async with farout.community.database.transaction() as db:
            if what == "undo":
                if live:
                    gone = live.pop(number % len(live))
                    await actions.undo_rank_change(db, gone[1], "x", by=admin, origin=AT_A_SHELL)
                continue
            wanted = RankChangeRequest.model_validate(
                {"rank": what, "reason": "x", "effective_on": day(number)}
            )
            try:
                change, _ = await actions.change_rank(
                    db, "900", wanted, by=admin, origin=AT_A_SHELL
                )
            except RankUnchanged:
                continue
            live.append((-number, change.id, what))

    found = await community_owner.fetchval("SELECT rank FROM members")
    assert found == (max(live)[2] if live else "member")
    async with farout.community.database.transaction() as db:
        assert await queries.list_wrong_ranks(db) == []
