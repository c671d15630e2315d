"""The ladder of ranks: its steps are added, renamed, put in order and archived, never deleted."""

import asyncio
import os
import subprocess
import sys

import pytest

from backend.devtools.discord.seeds import NOVA_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection, Server
from tests.fixtures.servers import ROOT


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


async def codes(browser: Browser) -> list[str]:
    return [rank["code"] for rank in (await browser.get("/api/ranks")).json()["items"]]


async def test_a_new_step_is_on_top_until_the_order_is_changed(
    admin: Browser, people: People
) -> None:
    made = await admin.post("/api/ranks", json={"code": "major", "name": "Major"})
    assert (made.status_code, made.json()["name"]) == (201, "Major")
    assert await codes(admin) == ["recruit", "member", "veteran", "captain", "major"]

    wanted = ["recruit", "major", "member", "captain", "veteran"]
    ordered = await admin.put("/api/ranks/order", json={"codes": wanted})

    assert [rank["code"] for rank in ordered.json()["items"]] == wanted == await codes(admin)
    assert await people.audited() == ["rank.added", "ladder.ordered"]


async def test_a_name_is_as_long_as_the_ladder_keeps_it(admin: Browser) -> None:
    kept = await admin.post("/api/ranks", json={"code": "major", "name": "x" * 100})
    refused = await admin.post("/api/ranks", json={"code": "general", "name": "x" * 101})
    renamed = await admin.patch("/api/ranks/major", json={"name": "x" * 101})

    assert [one.status_code for one in (kept, refused, renamed)] == [201, 422, 422]


@pytest.mark.parametrize(
    "wanted", [["recruit"], ["recruit", "recruit", "member", "captain"], ["a", "b", "c", "d"]]
)
async def test_an_order_must_name_every_step_once(admin: Browser, wanted: list[str]) -> None:
    answer = await admin.put("/api/ranks/order", json={"codes": wanted})

    assert (answer.status_code, answer.json()["code"]) == (409, "ladder_incomplete")


async def test_ten_admins_adding_at_once_get_ten_positions(admin: Browser) -> None:
    answers = await asyncio.gather(
        *(admin.post("/api/ranks", json={"code": f"r{n % 5}", "name": "R"}) for n in range(10))
    )

    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 5
    assert len(await codes(admin)) == 9


async def test_an_archived_rank_is_given_to_nobody_and_kept_by_whoever_has_it(
    admin: Browser, people: People, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Ada", rank="veteran")
    await add_member(community_owner, 901, "Bo")

    answer = await admin.patch("/api/ranks/veteran", json={"archived": True, "name": "Old hand"})

    assert answer.json()["archived_at"] is not None
    body = {"rank": "veteran", "reason": "x"}
    refused = await admin.post("/api/members/901/rank-changes", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "rank_archived")
    assert (await admin.get("/api/members/900")).json()["rank"] == "veteran"
    await admin.patch("/api/ranks/veteran", json={"archived": False})
    assert (await admin.post("/api/members/901/rank-changes", json=body)).status_code == 201
    assert await people.audited() == ["rank.edited", "rank.edited", "member.rank_changed"]


async def test_the_command_names_whoever_has_another_rank_than_the_history(
    admin: Browser, community_owner: Connection, migrated: Server
) -> None:
    await add_member(community_owner, 900, "Ada")
    await admin.post("/api/members/900/rank-changes", json={"rank": "captain", "reason": "x"})
    assert await run_check(migrated) == (0, True)

    await community_owner.execute("UPDATE members SET rank = 'recruit' WHERE discord_id = '900'")

    assert await run_check(migrated) == (1, False)


async def run_check(server: Server) -> tuple[int, bool]:
    environment = {
        "PATH": os.environ["PATH"], "DATABASE_URL": server.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": server.url("farout_sync", "farout"),
    }  # fmt: skip
    run = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "backend", "ranks", "check"],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ("900" in run.stdout) == (run.returncode == 1), run.stdout + run.stderr
    return run.returncode, "Everybody has" in run.stdout
