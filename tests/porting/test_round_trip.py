"""Export, wipe, import: everything is as it was."""

import pytest

from backend.community.porting.exports import Format
from backend.community.porting.handlers.outcomes import Action
from backend.community.projection.commands import compare_all
from tests.fixtures.application import Farout
from tests.porting.conftest import Filling, Moving

_UNLIKE_THE_LEDGER = """
    WITH kept AS (SELECT season, counter, member_id, place, value FROM season_standings),
    again AS (
        SELECT number, ledger.counter, ledger.member_id, ledger.place, ledger.value
        FROM seasons, season_ledger(number, closed_at) ledger WHERE closed_at IS NOT NULL
    )
    SELECT count(*) FROM (
        (TABLE kept EXCEPT TABLE again) UNION ALL (TABLE again EXCEPT TABLE kept)
    ) differing
"""
_UNLIKE_THE_LOG = """
    WITH logged AS (
        SELECT member_id, counter, sum(change) FROM counter_changes GROUP BY 1, 2
        HAVING sum(change) <> 0
    ),
    there AS (
        SELECT member_id, counter, value FROM member_counters WHERE value <> 0
        UNION ALL
        SELECT member_id, 'events_attended', count(*) FROM attendance WHERE status = 'attended'
        GROUP BY member_id
    )
    SELECT count(*) FROM (
        (TABLE logged EXCEPT TABLE there) UNION ALL (TABLE there EXCEPT TABLE logged)
    ) differing
"""


@pytest.mark.parametrize("wanted", Format)
async def test_after_a_wipe_an_import_brings_everything_back(
    moving: Moving, filled: Filling, farout: Farout, wanted: Format
) -> None:
    await filled(300)
    before = await moving.contents()
    assert all(before.values()), [name for name, rows in before.items() if not rows]
    exported = await moving.export(wanted)
    await moving.wipe()

    result = await moving.read_in(exported)

    assert [one.outcome for one in result.first_errors] == []
    after = await moving.contents()
    assert [name for name in before if before[name] != after[name]] == []
    assert await compare_all(farout.community) == (300, [])
    assert await moving.owner.fetchval(_UNLIKE_THE_LEDGER) == 0
    assert await moving.owner.fetchval(_UNLIKE_THE_LOG) == 0


@pytest.mark.parametrize("wanted", Format)
async def test_importing_it_again_changes_nothing(
    moving: Moving, filled: Filling, wanted: Format
) -> None:
    await filled(60)
    exported = await moving.export(wanted)
    await moving.wipe()
    await moving.read_in(exported)
    before = await moving.everything()

    result = await moving.read_in(exported)

    after = await moving.everything()
    assert result.count(Action.UNCHANGED) == sum(result.outcomes.values()) > 600
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"audit_log", "import_runs"}


async def test_what_json_and_csv_bring_is_the_same(moving: Moving, filled: Filling) -> None:
    await filled(40)
    found = []
    for wanted in Format:
        exported = await moving.export(wanted)
        await moving.wipe()
        await moving.read_in(exported)
        found.append(await moving.contents())
    assert found[0] == found[1]
