"""Hostile texts in every text field of the community, and every page that shows one, in Chromium.

The policy only reports here: what it would stop runs, and is seen to run. Nothing may run, nothing
may be reported, and nobody else may be asked for anything.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

import pytest
from fastapi.routing import APIRoute
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, Route

from backend.community.routes import routes
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.browser.hostile_community import NO_TEXTS, PARTS, Part, Site
from tests.browser.hostile_texts import OF_THE_CORPUS, TEXTS, Feed, chunks, text_fields
from tests.fixtures.application import ORIGIN, Browser, Farout
from tests.fixtures.community import People

PICTURES = "https://cdn.discordapp.com"
EVERYTHING = " ".join(TEXTS)
# It would end the test.
LEFT_ALONE = ("/sign-out",)
TABS = 3
CONTROL = "/control"
WATCH = """
window.seen = [];
for (const name of ["alert", "print", "confirm", "prompt"]) {
    window[name] = () => { window.seen.push(name); };
}
document.addEventListener("securitypolicyviolation", (event) => {
    window.seen.push(`${event.violatedDirective} would stop ${event.blockedURI}`);
});
"""
TOUCH = """
() => {
    const foreign = "script, style, iframe, object, embed, svg, math, base, link, meta, template";
    for (const one of document.body.querySelectorAll(foreign)) window.seen.push(one.outerHTML);
    for (const one of document.querySelectorAll("*")) {
        for (const { name, value } of one.attributes) {
            if (name.startsWith("on")) window.seen.push(`${name}=${value}`);
            if (/^[\\s\\0-\\x1f]*(javascript|data|vbscript):/i.test(value)
                && ["href", "src", "action", "formaction"].includes(name)) window.seen.push(value);
        }
        for (const kind of ["mouseover", "focus", "toggle"]) one.dispatchEvent(new Event(kind));
    }
    return window.seen;
}
"""


class Forms(HTMLParser):
    """The forms of a page that change something: where they go, and the names of their fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, set[str]] = {}
        # What a form sends beside its fields, by the button that is pressed.
        self.buttons: dict[str, list[dict[str, str]]] = {}
        self._open: set[str] | None = None
        self._pressed: list[dict[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            posts = given.get("method") == "post"
            action = given["action"] or ""
            self._open = self.found.setdefault(action, set()) if posts else None
            self._pressed = self.buttons.setdefault(action, [{}])
        elif tag == "button" and given.get("name"):
            self._pressed.append({given["name"] or "": given.get("value") or ""})
        elif (
            given.get("name") and self._open is not None and tag in ("input", "select", "textarea")
        ):
            self._open.add(given["name"] or "")


class Look:
    """Tabs of Chromium that show what the application answers, and note all that should not be."""

    def __init__(self, context: BrowserContext, admin: Browser) -> None:
        self.foreign: list[str] = []
        self.opened: set[str] = set()
        self._context = context
        self._admin = admin
        self._pages: list[Page] = []
        # What forms were answered, by the address under which it is shown.
        self._answers: dict[str, str] = {}
        self._tried: set[str] = set()

    async def begin(self) -> None:
        await self._context.route("**/*", self._answer)
        for _ in range(TABS):
            page = await self._context.new_page()
            await page.add_init_script(WATCH)
            self._pages.append(page)

    async def at(self, paths: Iterable[str]) -> None:
        await self._open_all(list(dict.fromkeys(paths)))

    async def at_refused_forms(self, paths: Iterable[str]) -> None:
        """Fill each form of these pages with texts, and open what comes back if that is a page."""
        for path in dict.fromkeys(paths):
            html = (await self._admin.get(path, headers={"Accept": "text/html"})).text
            forms = Forms(html)
            for action, names in forms.found.items():
                shape = re.sub(r"[0-9a-f-]{30,}|\d+", "", action)
                if action in LEFT_ALONE or shape in self._tried:
                    continue
                self._tried.add(shape)
                filled = dict.fromkeys(sorted(names), EVERYTHING)
                for number, pressed in enumerate(forms.buttons[action]):
                    answer = await self._admin.post(
                        action, data=filled | pressed, headers={"Accept": "text/html"}
                    )
                    assert answer.status_code < 500, (action, answer.text)
                    if not answer.is_redirect:
                        self._answers[f"/answered/{number}{action}"] = answer.text
        await self._open_all(list(self._answers))
        self._answers.clear()

    async def _open_all(self, paths: list[str]) -> None:
        await asyncio.gather(
            *(self._open(page, paths[number::TABS]) for number, page in enumerate(self._pages))
        )

    async def _open(self, page: Page, paths: list[str]) -> None:
        for path in paths:
            await page.goto(f"{ORIGIN}{path}", wait_until="domcontentloaded")
            assert await page.evaluate(TOUCH) == [], path
            self.opened.add(path)
        assert self.foreign == []

    async def _answer(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin != ORIGIN:
            if origin != PICTURES:
                self.foreign.append(route.request.url)
            await route.abort()
            return
        if parts.path.startswith("/static/"):
            await route.fulfill(status=200, body="")
            return
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answered = await self._admin.get(path, headers={"Accept": "text/html"})
        assert "script-src" in answered.headers["content-security-policy"]
        headers = {"content-type": "text/html; charset=utf-8"}
        policy = answered.headers["content-security-policy"]
        # Says what it would stop, and stops nothing.
        headers["content-security-policy-report-only"] = policy
        body = self._answers.get(parts.path, answered.text)
        if parts.path == CONTROL:
            body = "<body><script>alert(1)</script><img src=x onerror=alert(2)>"
        await route.fulfill(status=200, headers=headers, body=body)


@pytest.fixture
async def site(people: People) -> Site:
    member = await people.sign_in(COSMO_ID)
    return Site(await people.sign_in(NOVA_ID, role="admin"), member)


@pytest.fixture
async def look(chromium: Chromium, site: Site) -> AsyncIterator[Look]:
    context = await chromium.new_context(base_url=ORIGIN)
    look = Look(context, site.admin)
    await look.begin()
    yield look
    await context.close()


def lengths(farout: Farout) -> dict[str, int]:
    return text_fields(farout.app.openapi())


@pytest.mark.parametrize("text", OF_THE_CORPUS)
async def test_no_address_of_a_webhook_keeps_markup(site: Site, text: str) -> None:
    for url in (text, f"https://bot.example.org/{text}", f"https://bot.example.org/?{text}"):
        new = {"url": url, "event_types": ["item.added"]}
        answer = await site.admin.post("/api/webhooks", json=new)
        assert answer.status_code in (201, 400, 422), answer.text
        assert not set('<>"') & set(answer.json().get("url", "")), url
    new = {"url": "https://bot.example.org/", "event_types": [text]}
    assert (await site.admin.post("/api/webhooks", json=new)).status_code == 422


def test_every_text_field_of_every_request_is_fed(running: Farout) -> None:
    fed = [field for part in PARTS.values() for field in part.fields]

    assert sorted([*fed, *NO_TEXTS]) == sorted(lengths(running))


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
async def test_no_text_is_ever_run(farout: Farout, site: Site, look: Look, part: Part) -> None:
    feed = Feed(lengths(farout), part.fields)
    pages: list[str] = []
    while feed.hungry:
        pages = await part.write(site, feed)
        await look.at(pages)
        feed.round += 1
    await look.at_refused_forms(pages)

    assert set(pages) <= look.opened


@pytest.mark.slow
async def test_nothing_of_an_address_is_ever_run(site: Site, look: Look) -> None:
    asked = [
        (route.path, parameter.alias)
        for route in routes
        if isinstance(route, APIRoute) and not route.path.startswith(("/api/", "/internal/"))
        for parameter in route.dependant.query_params
        if "{" not in route.path
    ]
    assert ("/members", "search") in asked

    addresses = [f"/{quote(EVERYTHING, safe='')}"]
    pieces = chunks(60)
    for number, (path, name) in enumerate(asked):
        everything = f"{path}?{name}={quote(EVERYTHING)}"
        is_refused = (await site.admin.get(everything)).status_code == 422
        # Too long for some, which get a piece.
        piece = f"{path}?{name}={quote(pieces[number % len(pieces)])}"
        addresses.append(piece if is_refused else everything)

    await look.at(addresses)


async def test_a_page_that_does_run_something_is_noticed(look: Look) -> None:
    with pytest.raises(AssertionError, match="alert"):
        await look.at([CONTROL])
