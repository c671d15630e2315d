"""News: drafts, posts for later, posts for some ranks, and nothing in them that could do harm."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from backend.web.markdown import is_too_costly, to_html
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection

PAST, FUTURE = "2026-01-01T12:00:00Z", "2999-01-01T12:00:00+02:00"


async def write(writer: Browser, **fields: Any) -> dict[str, Any]:
    answer = await writer.post("/api/posts", json={"title": "News", "body": "Text"} | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def titles(browser: Browser, path: str = "/api/posts") -> list[str]:
    return [post["title"] for post in (await browser.get(path)).json()["items"]]


@pytest.fixture
async def writer(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="officer")


@pytest.fixture
async def reader(people: People) -> Browser:
    return await people.sign_in(COSMO_ID, rank="member")


async def test_only_what_is_published_is_read(
    writer: Browser, reader: Browser, people: People, community_owner: Connection
) -> None:
    draft = await write(writer, title="Draft")
    later = await write(writer, title="Later", publish_at=FUTURE)
    await write(writer, title="Out", publish_at=PAST)

    assert [draft["state"], later["state"]] == ["draft", "scheduled"]
    assert await titles(reader) == ["Out"] == await titles(writer)
    assert await titles(writer, "/api/posts/all") == ["Out", "Later", "Draft"]
    assert (await reader.get("/api/posts/all")).status_code == 403
    for hidden in (draft, later):
        for path in (f"/api/posts/{hidden['id']}", f"/posts/{hidden['id']}"):
            assert (await reader.get(path)).status_code == 404
            assert (await writer.get(path)).status_code == 200
    assert await people.audited() == ["post.written"] * 3

    # Nobody has to be awake for it: the moment passes, and there it is.
    await community_owner.execute(
        "UPDATE blog_posts SET publish_at = now() - interval '1 second' WHERE title = 'Later'"
    )
    assert await titles(reader) == ["Later", "Out"]


async def test_a_post_for_a_rank_is_for_it_and_those_above(
    writer: Browser, reader: Browser, community_owner: Connection
) -> None:
    post = await write(writer, minimum_rank="veteran", publish_at=PAST)
    path = f"/api/posts/{post['id']}"

    found = {}
    for rank in ("recruit", "member", "veteran", "captain", "Grand Duke"):
        await community_owner.execute(
            "UPDATE members SET rank = $1 WHERE discord_id = $2", rank, COSMO_ID
        )
        found[rank] = ((await reader.get(path)).status_code, len(await titles(reader)))

    assert found == {
        "recruit": (404, 0), "member": (404, 0), "veteran": (200, 1), "captain": (200, 1),
        "Grand Duke": (404, 0),
    }  # fmt: skip
    assert (await writer.get(path)).status_code == 200


async def test_publishes_edits_archives_and_deletes(writer: Browser, people: People) -> None:
    post = await write(writer)
    path = f"/api/posts/{post['id']}"
    now = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()

    assert (await writer.patch(path, json={"publish_at": now})).json()["state"] == "published"
    edited = await writer.patch(path, json={"body": "*New*"})
    assert edited.json()["html"] == "<p><em>New</em></p>\n"
    for change in ({"publish_at": None}, {"publish_at": FUTURE}):
        answer = await writer.patch(path, json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "post_is_published")
    assert (await writer.delete(path)).json()["code"] == "post_is_published"
    assert (await writer.patch(path, json={"archived": True})).json()["state"] == "archived"
    assert await titles(writer) == []

    draft = await write(writer)
    assert (await writer.delete(f"/api/posts/{draft['id']}")).status_code == 204
    assert (await writer.get(f"/api/posts/{draft['id']}")).status_code == 404
    assert await people.audited() == [
        "post.written", "post.edited", "post.edited", "post.edited", "post.written", "post.deleted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"title": "x", "body": " "}, 422),
        ({"title": "two\nlines", "body": "x"}, 422),
        ({"title": "x" * 121, "body": "x"}, 422),
        ({"title": "x", "body": "x" * 20_001}, 422),
        ({"title": "x", "body": "nul\0"}, 422),
        ({"title": "x", "body": "[" * 1001}, 422),
        ({"title": "x", "body": "x", "publish_at": "2026-01-01T12:00:00"}, 422),
        ({"title": "x", "body": "x", "publish_at": "tomorrow"}, 422),
        ({"title": "x", "body": "x", "minimum_rank": "admiral"}, 404),
        ({"title": "x", "body": "x", "author_uid": "0198c0de-0000-7000-8000-000000000001"}, 422),
    ],
)
async def test_what_makes_no_sense_is_not_written(
    writer: Browser, people: People, body: dict[str, Any], status: int
) -> None:
    assert (await writer.post("/api/posts", json=body)).status_code == status
    assert await people.audited() == []


async def test_lists_page_by_page_newest_first(writer: Browser, reader: Browser) -> None:
    for number in range(7):
        await write(writer, title=f"T{number}", publish_at=f"2026-01-0{1 + number // 2}T00:00:00Z")
    found, cursor = [], ""
    while cursor is not None:
        query: dict[str, Any] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await reader.get("/api/posts", params=query)).json()
        found += [post["title"] for post in page["items"]]
        cursor = page["next_cursor"]

    assert found == [f"T{number}" for number in reversed(range(7))]


def test_markdown_becomes_what_it_says() -> None:
    assert to_html("# A\n\n**b** ~~c~~ `d`\n\n- e\n\n[f](https://g.test)") == (
        "<h1>A</h1>\n<p><strong>b</strong> <s>c</s> <code>d</code></p>\n<ul>\n<li>e</li>\n</ul>\n"
        '<p><a href="https://g.test" rel="noopener noreferrer nofollow">f</a></p>\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://tracker.test/x.png)", "[a](javascript:alert(1))", "[a](data:text/html,x)",
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](vbscript:x)",
        "[a]( \x01javascript:alert(1))", "<a href='javascript:x'>", "[a](JaVaScRiPt:x)",
        "[a](&#106;avascript:x)", "<svg/onload=alert(1)>", "```<script>\n</script>\n```",
    ],
)  # fmt: skip
def test_nothing_in_a_text_becomes_active(text: str) -> None:
    html = to_html(text).lower()

    assert "<script" not in html
    assert "<img" not in html
    assert "<svg" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert 'href="vbscript' not in html


BOMBS = (
    "[",
    ">",
    "*a_ ",
    "`",
    "- ",
    "[a](",
    "![",
    "<",
    "a**b",
    "|-",
    "&a",
    "~~a",
    "1. ",
    "[a]: b\n",
)


@pytest.mark.parametrize("piece", BOMBS)
async def test_a_text_made_to_be_slow_is_refused_or_quick(piece: str) -> None:
    longest_allowed = max(
        n for n in range(0, 20_001 // len(piece), 250) if not is_too_costly(piece * n)
    )
    began = time.perf_counter()
    to_html(piece * longest_allowed)
    to_html((piece * 20_000)[:20_000])

    assert time.perf_counter() - began < 1
