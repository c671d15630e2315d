"""The corpus' ways to reach what is somebody else's by its id, its address, or a query."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi.routing import APIRoute

from backend.auth.users.actions import change_user
from backend.community.projection.commands import compare_all
from backend.community.routes import routes
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID, ORION_ID, STELLA_ID
from tests.community.test_routes_by_role import AN_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.security.corpora import cases

CASES = {case["id"]: case for case in cases("access_control") if case["group"] == "idor"}
EXPLAINED = {
    "idor-13": "whoever may export at all exports everybody",
    "idor-15": "there is nothing to subscribe to, as the test below sees",
}


@dataclass
class World:
    """Cosmo's application and his revoked entry, and Orion, who is told of neither."""

    people: People
    officer: Browser
    cosmo: Browser
    orion: Browser
    application: str
    revoked: str

    def hidden(self) -> list[str]:
        """Addresses of what Orion may not know of."""
        return [
            f"/api/applications/{self.application}",
            f"/api/applications/{self.application}/messages",
            f"/api/completions/{self.revoked}",
        ]


@pytest.fixture
async def world(people: People) -> World:
    officer = await people.sign_in(NOVA_ID, role="admin")
    cosmo, orion = await people.sign_in(COSMO_ID), await people.sign_in(ORION_ID)

    async def made(browser: Browser, path: str, body: dict[str, Any]) -> str:
        answer = await browser.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    question = {"key": "why", "label": "Why?"}
    form = await made(officer, "/api/application-forms", {"title": "x", "questions": [question]})
    answers = {"form_id": form, "answers": {"why": "x"}}
    application = await made(cosmo, "/api/applications", answers)
    await made(officer, "/api/missions", {"slug": "m", "title": "x"})
    entry = await made(officer, "/api/completions", {"member": COSMO_ID, "mission": "m"})
    await officer.post(f"/api/completions/{entry}/revoke", json={"reason": "x"})
    return World(people, officer, cosmo, orion, application, entry)


def _statuses(case: str) -> set[int]:
    return {one for one in CASES[case]["expect"] if isinstance(one, int)}


def test_every_case_is_judged_or_explained() -> None:
    judged = {
        name.removeprefix("test_").partition("__")[0].replace("_", "-")
        for name in globals()
        if name.startswith("test_idor_")
    }

    assert judged | EXPLAINED.keys() == CASES.keys()
    assert not judged & EXPLAINED.keys()


async def test_idor_0__another_id_opens_nothing(world: World) -> None:
    for path in world.hidden():
        assert (await world.orion.get(path)).status_code in _statuses("idor-0")
    withdrawal = f"/api/applications/{world.application}/withdraw"
    assert (await world.orion.post(withdrawal)).status_code in _statuses("idor-0")
    assert (await world.cosmo.get(world.hidden()[0])).json()["status"] == "pending"


async def test_idor_1__a_body_names_nobody_beside_the_address(world: World) -> None:
    await world.officer.post("/api/counters", json={"key": "kills", "title": "x"})

    for name in ("member", "discord_id", "id"):
        body = {"add": 1, name: ORION_ID}
        answer = await world.officer.put(f"/api/members/{COSMO_ID}/counters/kills", json=body)
        assert answer.status_code in _statuses("idor-1")


@pytest.mark.parametrize("value", [[COSMO_ID, ORION_ID], {"id": {"$ne": None}}, {"$ne": None}])
async def test_idor_3__an_id_is_no_list(world: World, value: object) -> None:
    for body in ({"member": value, "mission": "m"}, {"member": COSMO_ID, "mission": value}):
        assert (await world.officer.post("/api/completions", json=body)).status_code == 422


async def test_idor_4__an_id_is_not_two(world: World) -> None:
    for pair in (f"{ORION_ID},{COSMO_ID}", f"{ORION_ID}%2C{COSMO_ID}", f"{ORION_ID}%20"):
        for path in (f"/api/members/{pair}", f"/api/completions?member={pair}"):
            assert (await world.orion.get(path)).status_code in _statuses("idor-4")


async def test_idor_5__an_id_is_no_question(world: World) -> None:
    asked = "%7B%22id%22:%7B%22$ne%22:null%7D%7D"
    for path in (f"/api/members/{asked}", f"/api/completions?member={asked}"):
        assert (await world.orion.get(path)).status_code == 422


async def test_idor_8__no_spelling_of_anothers_id_opens_more(world: World) -> None:
    for one in (world.application, world.revoked):
        for spelt in (one.upper(), f"{{{one}}}", UUID(one).hex, f"urn:uuid:{one}", f"{one}%00"):
            for kind in ("applications", "completions"):
                answer = await world.orion.get(f"/api/{kind}/{spelt}")
                assert answer.status_code in _statuses("idor-8")


async def test_idor_9__a_list_of_ones_own_stays_so(world: World) -> None:
    for name in ("user_id", "member", "discord_id", "applicant"):
        for path in ("applications/mine", "occurrences?mine=true", "completions?revoked=true"):
            joint = "&" if "?" in path else "?"
            answer = await world.orion.get(f"/api/{path}{joint}{name}={COSMO_ID}")
            assert answer.json()["items"] == []


@pytest.mark.parametrize("name", ["sort", "fields", "include"])
@pytest.mark.parametrize("column", ["password_hash", "notes", "email", "updated_at"])
async def test_idor_10__no_query_names_a_column(world: World, name: str, column: str) -> None:
    answer = await world.orion.get(f"/api/members?{name}={column}")

    assert answer.status_code in _statuses("idor-10")


async def test_idor_11__a_cursor_is_good_for_its_own_list(world: World) -> None:
    page = (await world.orion.get("/api/members?limit=1")).json()
    cursor = page["next_cursor"]
    turned = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")

    for path in ("members?limit=1&sort=joined", "members?rank=member", "missions", "completions"):
        joint = "&" if "?" in path else "?"
        answer = await world.orion.get(f"/api/{path}{joint}cursor={cursor}")
        assert answer.status_code in _statuses("idor-11"), path
    answer = await world.orion.get(f"/api/members?limit=1&cursor={turned}")
    assert answer.status_code in _statuses("idor-11")


def test_there_is_nothing_to_subscribe_to() -> None:
    assert all(isinstance(route, APIRoute) for route in routes)


async def test_idor_16__a_body_of_a_reading_request_is_not_read(world: World) -> None:
    body = {"discord_id": COSMO_ID, "member": COSMO_ID}

    answer = await world.orion.request("GET", "/api/members/me", json=body)

    assert answer.json()["discord_id"] == ORION_ID


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "GET"])
async def test_idor_17__no_method_tells_of_what_is_hidden(world: World, method: str) -> None:
    for path in world.hidden():
        there = await world.orion.request(method, path)
        absent = path.replace(world.application, AN_ID).replace(world.revoked, AN_ID)
        missing = await world.orion.request(method, absent)
        assert there.status_code == missing.status_code >= 400
        assert len(there.content) == len(missing.content)


async def test_idor_18__what_is_hidden_looks_like_what_is_not_there(world: World) -> None:
    await world.people.sign_in(STELLA_ID)
    left = f"/api/members/{STELLA_ID}"
    await world.officer.put(f"{left}/departure", json={"reason": "x"})

    for path in (*world.hidden(), left):
        hidden = (await world.orion.get(path)).json()
        absent = path.replace(world.application, AN_ID).replace(world.revoked, AN_ID)
        missing = (await world.orion.get(absent.replace(STELLA_ID, "77"))).json()
        assert hidden | {"request_id": ""} == missing | {"request_id": ""}


async def test_idor_19__no_header_and_no_query_overrides_the_method(world: World) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "PATCH"}
    path = f"/api/members/{COSMO_ID}/departure?_method=PUT"

    assert (await world.officer.get(path, headers=headers)).status_code == 405
    mine = await world.orion.get("/api/members/me?_method=PATCH", headers=headers)
    assert mine.status_code == 200
    assert await world.people.owner.fetchval("SELECT count(*) FROM departures") == 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/members/{id},{id}", "/api/members/{id}/", "/api/members//{id}", "/API/members/{id}",
        "/api/members/1/../{id}/access", "/api/members/{id};x", "/api/members/{id}%00",
        "/api/members/1/%2e%2e/{id}/access", "/api/members/{id}/access?_method=PATCH",
        "/api//members/{id}/access", "/api/members/{id}/access/", "/api/members/{id}/ACCESS",
    ],
)  # fmt: skip
async def test_idor_20__no_spelling_of_an_address_opens_more(world: World, path: str) -> None:
    answer = await world.orion.get(path.replace("{id}", COSMO_ID))

    assert answer.status_code in (307, 403, 404, 422)
    if answer.status_code == 307:
        again = await world.orion.get(answer.headers["location"])
        assert again.status_code == (403 if "access" in path else 200)


@pytest.mark.parametrize("host", ["farout.test/api/members/me?", "farout.test/x", "evil.test"])
async def test_idor_21__no_host_changes_the_decision(world: World, host: str) -> None:
    path = f"/api/members/{COSMO_ID}/access"

    answer = await world.orion.get(path, headers={"Host": host})

    assert answer.status_code in (400, 403, 404, 421)


async def test_idor_22__there_is_no_older_version_of_a_route(world: World) -> None:
    for prefix in ("/api/v0", "/api/v1", "/v1/api", "/v1"):
        answer = await world.officer.get(f"{prefix}/members/{COSMO_ID}/access")
        assert answer.status_code == 404


async def test_idor_24__a_role_taken_meanwhile_leaves_nothing_half_done(world: World) -> None:
    stella = await world.people.sign_in(STELLA_ID, role="officer")
    uid = (await stella.get("/auth/session")).json()["user"]["uid"]
    for number in range(10):
        await world.officer.post("/api/missions", json={"slug": f"m-{number}", "title": "x"})
    await world.people.open_connections(stella)

    async def award_ten() -> list[httpx2.Response]:
        bodies = [{"member": ORION_ID, "mission": f"m-{number}"} for number in range(10)]
        return await asyncio.gather(
            *(stella.post("/api/completions", json=body) for body in bodies)
        )

    answers, _ = await asyncio.gather(
        award_ten(), change_user(world.people.farout.auth, uid, role="member", by=None)
    )

    assert {one.status_code for one in answers} <= {201, 401, 403}
    done = sum(one.status_code == 201 for one in answers)
    written = await world.people.owner.fetchval(
        "SELECT count(*) FROM completions WHERE revoked_at IS NULL"
    )
    audited = await world.people.audited()
    assert written == done == audited.count("completion.awarded") - 1
    assert (await compare_all(world.people.farout.community))[1] == []
