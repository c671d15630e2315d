"""The JSON corpus at every writing route of the community, and in every value of its bodies."""

import json
import re
from typing import Any

import pytest

from backend.devtools.discord.seeds import NOVA_ID
from tests.community.request_schemas import Leaf, body_leaves, put
from tests.community.test_audit_rows import walk
from tests.community.test_routes_by_role import AN_ID, VALUES, rows
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.security.bodies import ELSEWHERE, GENERATED, allowed
from tests.security.corpora import Case, by_id, cases

CASES = [case for case in cases("json_bodies") if case["id"] not in ELSEWHERE]
# What they say of one value holds for each value of its kind, in every body.
OF_A_TEXT = {"jb-s1", "jb-s2", "jb-s26"}
OF_A_LINE = {*OF_A_TEXT, "jb-s27", "jb-s29"}
OF_A_NUMBER = {"jb-s3", "jb-s5", "jb-s7", "jb-s8", "jb-s11", "jb-s12"}
ME = "/api/members/me"
WRITING = [row for row in sorted(rows()) if not row.startswith("GET ") and " /api/" in row]


async def send(browser: Browser, row: str, case: Case) -> tuple[int, str]:
    method, path = row.split()
    address = re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], AN_ID), path)
    content = GENERATED.get(case["id"]) or (case["body"] or "").encode("utf-8", "surrogatepass")
    headers: dict[str, str] = {"Content-Type": "application/json", "If-Match": "*"}
    for name, value in case.get("headers", {}).items():
        if value is None:
            del headers[name]
        else:
            headers[name] = value
    answer = await browser.request(method, address, content=content, headers=headers)
    return answer.status_code, answer.text


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


def test_every_case_is_judged() -> None:
    assert {case["id"] for case in cases("json_bodies")} == {one["id"] for one in CASES} | ELSEWHERE
    assert {one["id"] for one in CASES} >= OF_A_LINE | OF_A_NUMBER | GENERATED.keys()


@pytest.mark.parametrize("case", by_id(CASES))
async def test_a_profile_takes_what_it_should(admin: Browser, case: Case) -> None:
    status, text = await send(admin, f"PATCH {ME}", case)

    assert {str(status), f"{status // 100}xx"} & allowed(case["expect"]), (status, text)


@pytest.mark.parametrize("row", WRITING)
async def test_no_writing_route_breaks_on_any_body(
    admin: Browser, people: People, row: str
) -> None:
    for case in CASES:
        # Once is enough for what is refused before any route is looked for.
        if case["id"] == "jb-20mb" or row == f"PATCH {ME}":
            continue
        status, text = await send(admin, row, case)
        # What is written to is not there, and a body that suits a profile suits nothing else.
        expected = allowed(case["expect"].replace("2xx", "422")) | {"404"}
        assert str(status) in expected, (case["id"], status, text)
    assert await people.audited() == []


def raw_value(case: Case) -> str:
    """Return a case's one value as it stands in its body."""
    return str(case["body"]).partition(":")[2].removesuffix("}")


def hostile(leaf: Leaf) -> list[Case]:
    """Return the cases whose value this place has to refuse."""
    chosen = OF_A_NUMBER
    if not leaf.is_number:
        chosen = OF_A_TEXT if leaf.is_long else OF_A_LINE
    found = [case for case in CASES if case["id"] in chosen]
    if leaf.schema.get("maximum", 0) > 2**31:
        found = [case for case in found if case["id"] != "jb-s7"]
    return found


async def test_no_value_of_any_body_takes_what_does_not_fit_its_column(
    people: People, community_owner: Connection
) -> None:
    leaves = [leaf for leaf in body_leaves() if leaf.is_number or leaf.schema["type"] == "string"]
    tried = set()

    async def probe(admin: Browser, row: str, address: str, body: Any) -> None:
        for leaf in leaves:
            if leaf.row != row:
                continue
            tried.add(leaf.name)
            for case in hostile(leaf):
                content = json.dumps(put(body, leaf.way, "HERE")).replace('"HERE"', raw_value(case))
                method, path = address.split()
                headers = {"Content-Type": "application/json", "If-Match": "*"}
                answer = await admin.request(method, path, content=content, headers=headers)
                assert answer.status_code in (400, 422), (leaf.name, case["id"], answer.text)
        assert await people.audited() == [], row

    await walk(people, community_owner, probe)

    assert tried == {leaf.name for leaf in leaves}
