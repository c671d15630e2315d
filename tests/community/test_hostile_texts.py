"""Short strings that break software, in every text field and every query of the community."""

import re
import time
from urllib.parse import quote

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.community.hostile_fields import FIELDS, SOMEBODY, Field, Site, build
from tests.fixtures.application import ORIGIN
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection
from tests.security.corpora import Case, by_id, cases

CASES = cases("naughty_strings")
SLOWEST_SECONDS = 1
QUERIES = (
    "/api/members?search={}", "/api/members?rank={}", "/api/members?mission={}",
    "/api/members?tag={}", "/api/members?active_since={}", "/api/members?sort={}",
    "/api/members?cursor={}", "/api/members/{}", "/api/permissions/{}", "/api/posts/{}",
    "/api/applications?status={}", "/members?search={}", "/members?rank={}&sort={}", "/posts/{}",
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("restored_ladder")


@pytest.fixture
async def site(people: People, community_owner: Connection) -> Site:
    await add_member(community_owner, int(SOMEBODY), "Ada")
    await people.sign_in(COSMO_ID)
    return await build(await people.sign_in(NOVA_ID, role="admin"))


async def judge(site: Site, field: Field, value: str) -> None:
    """The value was refused and named, or it is kept as it was sent, but for blanks around it."""
    began = time.perf_counter()
    answer = await field.write(site, value)
    assert time.perf_counter() - began < SLOWEST_SECONDS
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"].startswith("application/")
    if answer.status_code in (200, 201):
        assert (field.read(answer.json()) or "") == value.strip(), field.name
    else:
        assert answer.status_code in (409, 422), (field.name, answer.status_code, answer.text)


async def test_each_string_is_kept_or_refused_by_some_field(site: Site) -> None:
    for number, case in enumerate(CASES):
        await judge(site, FIELDS[number % len(FIELDS)], case["value"])


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])
async def test_every_field_keeps_or_refuses_each_string(site: Site, field: Field) -> None:
    for case in CASES:
        await judge(site, field, case["value"])


async def test_each_string_is_taken_or_refused_by_some_query(site: Site) -> None:
    for number, case in enumerate(CASES):
        await ask(site, QUERIES[number % len(QUERIES)], case)


@pytest.mark.slow
@pytest.mark.parametrize("path", QUERIES)
async def test_no_query_breaks_on_any_string(site: Site, path: str) -> None:
    for case in CASES:
        await ask(site, path, case)


async def ask(site: Site, path: str, case: Case) -> None:
    value = quote(case["value"].encode("utf-8", "surrogatepass"), safe="")
    began = time.perf_counter()
    answer = await site.admin.get(path.replace("{}", value))
    assert answer.status_code < 500, (case["id"], answer.text)
    assert time.perf_counter() - began < SLOWEST_SECONDS, case["id"]


XSS = [case for case in CASES if case["kind"] in ("xss", "template")]


@pytest.mark.parametrize("case", by_id(XSS))
async def test_nothing_becomes_markup_on_any_page(site: Site, case: dict[str, str]) -> None:
    value = case["value"]
    for field in FIELDS[:4] + FIELDS[6:8]:
        await field.write(site, value)

    for page in ("/members", f"/members/{NOVA_ID}", "/profile", "/profile/edit", "/posts"):
        answer = await site.admin.get(page, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "onerror=alert" not in answer.text.replace("&lt;img src=x onerror=alert", "")
        policy = answer.headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        # The one script that pages may run is a file of ours.
        assert f"script-src {ORIGIN}/static/passkeys.js" in policy
    shown = (await site.admin.get(f"/posts/{site.paths['post'].rpartition('/')[2]}")).text
    shown = shown.partition("<main")[2]
    for active in ("<script", "<img", "<svg", "<math", "<style", "<details"):
        assert active not in shown
    assert not re.search(r"<a [^>]*href=.?javascript", shown)
