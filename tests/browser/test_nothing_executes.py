"""Hostile texts in every field that a page shows, in a Chromium that would run them if it could."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, Route

from backend.devtools.discord.seeds import NOVA_ID
from tests.fixtures.application import ORIGIN, Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.webhooks import make_webhook
from tests.security.corpora import cases

MARKDOWN = (
    "[click](javascript:alert(1))", "[click](<javascript:alert(1)>)", "[a]: javascript:alert(1)\n\n[a]",
    "<javascript:alert(1)>", "![x](x\"onerror=\"alert(1))", "[x](x \"onmouseover=alert(1)\")",
    "```\n</code></pre><script>alert(1)</script>\n```", "<script\n>alert(1)</script>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |", "<svg><animate onbegin=alert(1) attributeName=x>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>", "<form><button formaction=javascript:alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "\\<img src=x onerror=alert(1)>",
)  # fmt: skip
TEXTS = [one["value"] for one in cases("naughty_strings") if one["kind"] == "xss"]
CONTROL = "/profile"
WATCH = """
window.executed = [];
for (const name of ["alert", "print", "confirm", "prompt"]) {
    window[name] = () => { window.executed.push(name); };
}
"""
TOUCH = """
() => {
    for (const one of document.querySelectorAll("main *")) {
        for (const kind of ["mouseover", "focus", "toggle"]) one.dispatchEvent(new Event(kind));
        const address = one.getAttribute("href") ?? one.getAttribute("formaction") ?? "";
        if (address.trim().toLowerCase().startsWith("javascript:")) window.executed.push(address);
    }
    return window.executed;
}
"""


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


@pytest.fixture(params=[True, False], ids=["with the policy", "without the policy"])
async def page(
    request: pytest.FixtureRequest, chromium: Chromium, admin: Browser
) -> AsyncIterator[Page]:
    """Yield a page that runs scripts; without the content security policy, markup alone protects."""
    context = await chromium.new_context(base_url=ORIGIN)
    page = await context.new_page()
    await page.add_init_script(WATCH)

    async def answer(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if f"{parts.scheme}://{parts.netloc}" != ORIGIN:
            await route.abort()
            return
        answered = await admin.get(parts.path, headers={"Accept": "text/html"})
        headers = dict(answered.headers)
        body = answered.content if parts.path != CONTROL else b"<script>alert(1)</script>"
        if not request.param:
            headers.pop("content-security-policy", None)
        await route.fulfill(status=answered.status_code, headers=headers, body=body)

    await context.route("**/*", answer)
    yield page
    await context.close()


async def write(admin: Browser, path: str, **fields: str) -> None:
    for name, value in fields.items():
        answer = await admin.patch(path, json={name: value}, headers={"If-Match": "*"})
        assert answer.status_code in (200, 422)


async def executed(page: Page, path: str) -> list[str]:
    """Open a page, touch everything in it that could react, and return what ran."""
    await page.goto(path, wait_until="domcontentloaded")
    found: list[str] = await page.evaluate(TOUCH)
    return found


@pytest.mark.usefixtures("restored_ladder")
async def test_no_text_is_ever_run(admin: Browser, page: Page) -> None:
    new = {"title": "x", "body": "x", "publish_at": "2026-01-01T00:00:00Z"}
    post = str((await admin.post("/api/posts", json=new)).json()["id"])

    pages = ("/profile/edit", f"/members/{NOVA_ID}", "/members", f"/posts/{post}")

    for text in TEXTS:
        await write(admin, "/api/members/me", display_name=text)
        await write(admin, f"/api/posts/{post}", title=text)
        await write(admin, "/api/ranks/member", name=text)
        for path in pages[2:]:
            assert await executed(page, path) == [], (text, path)
    # One by one, because an unclosed piece could hide what comes after it.
    for text in MARKDOWN:
        await write(admin, f"/api/posts/{post}", body=text)
        assert await executed(page, f"/posts/{post}") == [], text
    await write(admin, "/api/members/me", bio="\n".join((*TEXTS, *MARKDOWN))[:2000])
    for path in pages:
        assert await executed(page, path) == [], path


async def test_neither_a_webhook_nor_the_answer_of_its_receiver_is_ever_run(
    admin: Browser, page: Page, community_owner: Connection
) -> None:
    hook = await make_webhook(admin, "https://bot.example.org/", "form.added")
    path = f"/webhooks/{hook['id']}"
    tried = (await admin.post(f"/api{path}/test")).json()
    for text in TEXTS:
        await write(admin, f"/api{path}", description=text)
        await community_owner.execute(
            "INSERT INTO webhook_attempts (delivery_id, milliseconds, error, answer)"
            " VALUES ($1, 1, left($2, 120), $2)",
            tried["id"], text.replace("\0", ""),
        )  # fmt: skip
        assert await executed(page, path) == [], text
    for shown in ("/webhooks", f"{path}/deliveries/{tried['id']}"):
        assert await executed(page, shown) == [], shown


async def test_a_page_that_does_run_something_is_noticed(
    page: Page, request: pytest.FixtureRequest
) -> None:
    """A control: seeing nothing means something, and the policy alone stops a script."""
    has_policy = "with the policy" in request.node.name

    assert await executed(page, CONTROL) == ([] if has_policy else ["alert"])
