"""The corpus' fields that nobody may set, sent with every body that the community takes."""

import json
from typing import Any

import pytest

from tests.community.request_schemas import body_leaves
from tests.community.test_audit_rows import walk
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.security.corpora import Case, by_id, cases

ME = "/api/members/me"
CASES = [case for case in cases("access_control") if case["group"] == "mass-assignment"]
FIELDS = {
    name: value
    for case in CASES
    for name, value in case.get("json", {}).items()
    if name != "display_name"
}


@pytest.mark.parametrize("case", by_id(CASES))
async def test_nobody_gives_himself_what_is_not_his_to_give(people: People, case: Case) -> None:
    person = await people.sign_in()
    before = (await person.get(ME)).json()
    body: dict[str, Any] = {"json": case["json"]} if "json" in case else {"content": case["body"]}

    answer = await person.patch(
        ME, headers={"If-Match": "*", "Content-Type": "application/json"}, **body
    )

    assert answer.status_code in case["expect"], answer.text
    assert (await person.get(ME)).json() == before


def odd_bodies(body: dict[str, Any]) -> dict[str, str]:
    """Return this body in the shapes of the cases massx-0 to massx-8."""
    name, value = next(iter(body.items()))
    first, whole = f"{json.dumps(name)}:{json.dumps(value)}", json.dumps(body)[1:-1]
    return {
        "massx-0": f"{{{first},{whole}}}",
        "massx-1": json.dumps({key.title(): one for key, one in body.items()}),
        "massx-2": json.dumps(body | {f"{name}\0": "y"}),
        "massx-3": json.dumps([body]),
        "massx-7": json.dumps(body | {"user[is_admin]": True}),
        "massx-8": json.dumps(body | {name: {"set": value}}),
    }


def test_every_shape_is_built() -> None:
    assert odd_bodies({"x": 1}).keys() == {case["id"] for case in CASES if "body" in case}


async def test_no_body_takes_more_than_its_own_fields(
    people: People, community_owner: Connection
) -> None:
    own = {(leaf.row, str(leaf.way[0])) for leaf in body_leaves()}

    async def probe(admin: Browser, row: str, address: str, body: Any) -> None:
        if not body or " /api/" not in row:
            return
        wrong = {name: json.dumps(body | {name: value}) for name, value in FIELDS.items()
                 if (row, name) not in own}  # fmt: skip
        for name, content in (wrong | odd_bodies(body)).items():
            method, path = address.split()
            answer = await admin.request(
                method, path, content=content,
                headers={"Content-Type": "application/json", "If-Match": "*"},
            )  # fmt: skip
            assert answer.status_code in (400, 422), (row, name, answer.text)
        assert await people.audited() == [], row

    await walk(people, community_owner, probe)
