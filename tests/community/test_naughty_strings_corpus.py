"""Short strings that break software, in every text that the community takes and in every query."""

import re
import time
from urllib.parse import quote

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.community.hostile_fields import FIELDS, ROWS, SOMEBODY, UNSEEN, Site, build, kept, write
from tests.community.request_schemas import Leaf, questions
from tests.community.test_routes_by_role import AN_ID, VALUES
from tests.fixtures.application import ORIGIN
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection
from tests.security.corpora import Case, by_id, cases, dealt

CASES = cases("naughty_strings")
SLOWEST_SECONDS = 1
PAGES = (("/members", "search"), ("/members", "rank"), ("/members", "sort"), ("/posts/{id}", "id"))
QUERIES = [*questions(), *PAGES]
# All but those that take the name of something.
NAMES = {"slot", "url", "event_types"}
FREE = [one for one in FIELDS if "pattern" not in one.schema and not NAMES & set(one.way)]


@pytest.fixture
async def site(people: People, community_owner: Connection) -> Site:
    await add_member(community_owner, int(SOMEBODY), "Ada")
    cosmo = await people.sign_in(COSMO_ID)
    return await build(await people.sign_in(NOVA_ID, role="admin"), cosmo, community_owner)


async def judge(site: Site, field: Leaf, value: str) -> None:
    """The value was refused, or it is kept as it was sent, but for blanks around it."""
    began = time.process_time()
    answer = await write(site, field, value)
    assert time.process_time() - began < SLOWEST_SECONDS
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"].startswith("application/")
    if not answer.is_success:
        # 404 and 409: a name of something that is not there, or that is there already.
        refusals = (404, 409, 422) if "pattern" in field.schema else (422,)
        assert answer.status_code in refusals, (field.name, ascii(value), answer.text)
    elif field.name not in UNSEEN:
        assert (kept(field, answer.json()) or "") == value.strip(), (field.name, ascii(value))


def test_every_route_that_takes_a_text_is_tried() -> None:
    assert {field.row for field in FIELDS} == ROWS.keys()
    assert {field.name for field in FIELDS} >= UNSEEN


@pytest.mark.parametrize("field", FREE, ids=[field.name for field in FREE])
async def test_every_field_takes_an_ordinary_text(site: Site, field: Leaf) -> None:
    """Otherwise the strings below would be refused for another reason than what they are."""
    answer = await write(site, field, "Ordinary")

    assert answer.is_success, answer.text
    assert field.name in UNSEEN or kept(field, answer.json()) == "Ordinary"


async def test_each_string_is_kept_or_refused_by_some_field(site: Site) -> None:
    for number, case in enumerate(CASES):
        await judge(site, FIELDS[number % len(FIELDS)], case["value"])


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])
async def test_every_field_keeps_or_refuses_each_string(site: Site, field: Leaf) -> None:
    for case in dealt(CASES, FIELDS.index(field)):
        await judge(site, field, case["value"])


async def test_each_answer_to_a_question_is_kept_or_refused(site: Site) -> None:
    for case in CASES:
        await site.owner.execute("DELETE FROM applications")
        body = {"form_id": site.known["form_id"], "answers": {"why": case["value"]}}
        if any("\ud800" <= char <= "\udfff" for char in case["value"]):
            continue
        answer = await site.cosmo.post("/api/applications", json=body)
        assert answer.status_code in (201, 422), ascii(case["value"])
        if answer.is_success:
            assert answer.json()["answers"][0]["answer"] == case["value"].strip()


async def test_each_string_is_taken_or_refused_by_some_query(site: Site) -> None:
    for number in range(max(len(CASES), len(QUERIES))):
        await ask(site, QUERIES[number % len(QUERIES)], CASES[number % len(CASES)])


@pytest.mark.slow
@pytest.mark.parametrize("query", QUERIES, ids=[" ".join(one) for one in QUERIES])
async def test_no_query_breaks_on_any_string(site: Site, query: tuple[str, str]) -> None:
    for case in dealt(CASES, QUERIES.index(query)):
        await ask(site, query, case)


async def ask(site: Site, query: tuple[str, str], case: Case) -> None:
    path, name = query
    value = quote(case["value"].encode("utf-8", "surrogatepass"), safe="")
    address = re.sub(
        r"\{(\w+)\}", lambda one: value if one[1] == name else VALUES.get(one[1], AN_ID), path
    )
    began = time.process_time()
    answer = await site.admin.get(address if address != path else f"{path}?{name}={value}")
    assert answer.status_code < 500, (query, case["id"], answer.text)
    assert time.process_time() - began < SLOWEST_SECONDS, (query, case["id"])


XSS = [case for case in CASES if case["kind"] in ("xss", "template")]
SHOWN = [
    field
    for field in FIELDS
    if field.row in ("PATCH /api/members/me", "PATCH /api/ranks/{code}", "PATCH /api/posts/{post_id}")
    and "pattern" not in field.schema
]  # fmt: skip


@pytest.mark.parametrize("case", by_id(XSS))
async def test_nothing_becomes_markup_on_any_page(site: Site, case: dict[str, str]) -> None:
    for field in SHOWN:
        await write(site, field, case["value"])

    for page in ("/members", f"/members/{NOVA_ID}", "/profile", "/profile/edit", "/posts"):
        answer = await site.admin.get(page, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "onerror=alert" not in answer.text.replace("&lt;img src=x onerror=alert", "")
        policy = answer.headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        # The one script that pages may run is a file of ours.
        assert f"script-src {ORIGIN}/static/passkeys.js" in policy
    shown = (await site.admin.get(f"/posts/{site.known['post_id']}")).text
    shown = shown.partition("<main")[2]
    for active in ("<script", "<img", "<svg", "<math", "<style", "<details"):
        assert active not in shown
    assert not re.search(r"<a [^>]*href=.?javascript", shown)
