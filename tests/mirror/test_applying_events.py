"""The newest version wins, whatever comes late, twice or in disorder."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.bridge.event_codec import decode, encode
from backend.bridge.events import DiscordProfile, Event
from backend.community.mirror.actions import apply_events
from backend.database import Database, ValuesRefused
from tests.fixtures.application import one_row
from tests.fixtures.databases import Connection
from tests.fixtures.mirror import deleted, event, user_state

PROFILE = DiscordProfile("Ada", "https://cdn.test/a.png")


async def _versions(community: Connection) -> dict[int, int]:
    rows = await community.fetch("SELECT user_id, version FROM userbase")
    return {row["user_id"]: row["version"] for row in rows}


async def test_a_thousand_events_in_any_order_end_as_in_order(
    sync_database: Database, community_owner: Connection
) -> None:
    dice = random.Random(11)  # noqa: S311 - the same every time
    history = [event(user_state(1 + n % 50, 1 + n)) for n in range(1000)]
    journey = [one for one in history for _ in range(dice.randint(1, 4))]
    dice.shuffle(journey)
    batches = [journey[n : n + 37] for n in range(0, len(journey), 37)]

    await asyncio.gather(*(apply_events(sync_database, batch) for batch in batches))

    rows = await community_owner.fetch("SELECT user_id, version, username FROM userbase")
    assert {(row["user_id"], row["version"], row["username"]) for row in rows} == {
        (one.user.user_id, one.user.version, f"user-{one.user.user_id}-v{one.user.version}")
        for one in history[-50:]
    }


async def test_each_event_has_its_effect_once(
    sync_database: Database, community_owner: Connection
) -> None:
    again = event(user_state(1, 5))

    changed = await asyncio.gather(*(apply_events(sync_database, [again]) for _ in range(20)))

    assert sorted(changed) == [0] * 19 + [1]


async def test_a_deleted_user_stays_deleted(
    sync_database: Database, community_owner: Connection
) -> None:
    await apply_events(sync_database, [event(user_state(1, 1))])
    await apply_events(sync_database, [deleted(1, 3)])

    await apply_events(sync_database, [event(user_state(1, 2), profile=PROFILE)])

    row = await one_row(community_owner, "SELECT * FROM userbase")
    assert row["deleted_at"] is not None
    assert row["version"] == 3
    assert await community_owner.fetchval("SELECT count(*) FROM members") == 0


async def test_an_old_event_does_not_touch_who_came_back(
    sync_database: Database, community_owner: Connection
) -> None:
    """Deleted, and made anew with the same Discord account: another id, another uid, newer versions."""
    await apply_events(sync_database, [event(user_state(1, 1)), deleted(1, 3)])
    again = user_state(2, 4, discord_id=user_state(1, 1).discord_id)
    await apply_events(sync_database, [event(again)])

    await apply_events(sync_database, [event(user_state(1, 2, username="old"))])

    row = await one_row(community_owner, "SELECT user_id FROM userbase WHERE deleted_at IS NULL")
    assert row["user_id"] == 2


async def test_a_deletion_that_overtakes_everything_leaves_a_tombstone(
    sync_database: Database, community_owner: Connection
) -> None:
    await apply_events(sync_database, [deleted(1, 9)])
    await apply_events(sync_database, [event(user_state(1, 8)), event(user_state(1, 7))])

    assert await community_owner.fetchval("SELECT username FROM userbase") is None


async def test_a_deletion_and_a_sign_in_at_the_same_moment_leave_no_profile_behind(
    sync_database: Database, community_owner: Connection
) -> None:
    for number in range(1, 31):
        await apply_events(sync_database, [event(user_state(number, 1))])
        await asyncio.gather(
            apply_events(sync_database, [event(user_state(number, 1), profile=PROFILE)]),
            apply_events(sync_database, [deleted(number, 2)]),
        )
        late = event(user_state(number, 1), profile=PROFILE)
        before = await community_owner.fetchval("SELECT count(*) FROM members")
        await apply_events(sync_database, [late])
        assert await community_owner.fetchval("SELECT count(*) FROM members") == before


async def test_two_users_who_swap_their_names_do_not_block_each_other(
    sync_database: Database, community_owner: Connection
) -> None:
    await apply_events(
        sync_database,
        [event(user_state(1, 1, username="ada")), event(user_state(2, 2, username="bob"))],
    )
    await apply_events(sync_database, [event(user_state(1, 4, username="bob"))])
    await apply_events(sync_database, [event(user_state(2, 5, username="ada"))])

    rows = await community_owner.fetch("SELECT username FROM userbase ORDER BY user_id")
    assert [row["username"] for row in rows] == ["bob", "ada"]


async def test_another_person_under_the_same_id_inherits_nothing(
    sync_database: Database, community_owner: Connection
) -> None:
    await apply_events(sync_database, [event(user_state(1, 1))])
    await community_owner.execute(
        """UPDATE userbase SET permissions = '["all"]', plan_tier = 'x'"""
    )

    await apply_events(sync_database, [event(user_state(1, 2, uid=user_state(9, 1).uid))])

    row = await one_row(community_owner, "SELECT permissions, plan_tier FROM userbase")
    assert tuple(row) == ("[]", "free")


async def test_a_batch_with_one_bad_event_changes_nothing(
    sync_database: Database, community_owner: Connection
) -> None:
    bad = event(user_state(2, 2, username="x" * 65))

    with pytest.raises(ValuesRefused) as refusal:
        await apply_events(sync_database, [event(user_state(1, 1)), bad])

    assert "xxx" not in str(refusal.value)
    assert await _versions(community_owner) == {}


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=64
)


@settings(max_examples=200, deadline=None)
@given(NAMES, st.integers(1, 2**63 - 1), st.none() | st.just(PROFILE))
def test_an_event_survives_the_journey_as_bytes(
    name: str, version: int, profile: DiscordProfile | None
) -> None:
    sent = event(user_state(7, version, username=name, email=None), profile=profile)

    arrived = decode(encode(sent), event_id=sent.id)

    assert arrived == sent


def test_a_deletion_survives_the_journey_as_bytes() -> None:
    sent: Event = deleted(7, 2**62)

    assert decode(encode(sent), event_id=sent.id) == sent
