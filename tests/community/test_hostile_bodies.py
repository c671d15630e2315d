"""Bodies that are not what they should be, at every writing route of the community."""

import re
from typing import Any

import pytest

from backend.devtools.discord.seeds import NOVA_ID
from tests.community.test_routes_by_role import AN_ID, VALUES, rows
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.security.corpora import Case, by_id, cases

GENERATED: dict[str, bytes] = {
    "jb-depth-32": b'{"metadata":' + b"[" * 32 + b"]" * 32 + b"}",
    "jb-depth-33": b'{"metadata":' + b"[" * 33 + b"]" * 33 + b"}",
    "jb-depth-900": b'{"metadata":' + b"[" * 900 + b"]" * 900 + b"}",
    "jb-depth-100000": b'{"metadata":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "jb-20mb": b'{"display_name":"' + b"a" * 20_000_000 + b'"}',
    "jb-wide": b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
    "jb-utf16": '{"display_name":"x"}'.encode("utf-16"),
    "jb-badutf8": b'{"display_name":"\xff"}',
}
# About forms and static files, which are not of this side.
ELSEWHERE = {"jb-mp-headers", "jb-range", "jb-ct-redos"}
CASES = [case for case in cases("json_bodies") if case["id"] not in ELSEWHERE]
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


def allowed(expect: str) -> set[str]:
    """Read "2xx-or-422", "400/413/422" and "422 or stripped"."""
    return set(re.findall(r"[2-5](?:xx|\d\d)", expect.replace("stripped", "2xx")))


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


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
        assert 400 <= status < 500, (case["id"], status, text)
    assert await people.audited() == []


OVERPOSTED = [case for case in cases("access_control") if case["group"] == "mass-assignment"]


@pytest.mark.parametrize("case", by_id(OVERPOSTED))
async def test_nobody_gives_himself_what_is_not_his_to_give(
    people: People, case: dict[str, Any]
) -> None:
    person = await people.sign_in()
    before = (await person.get(ME)).json()
    body = {"json": case["json"]} if "json" in case else {"content": case["body"]}

    answer = await person.patch(
        ME, headers={"If-Match": "*", "Content-Type": "application/json"}, **body
    )

    assert answer.status_code in case["expect"], answer.text
    assert (await person.get(ME)).json() == before
