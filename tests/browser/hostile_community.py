"""A community in which every text is hostile, part by part: what to write, and the pages to look at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.browser.hostile_texts import LINK, Feed
from tests.fixtures.application import Browser

EARLIER, LATER = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
QUESTION = {"key": "why", "label": "Why?"}


# Taken as what they are alone, which test_webhook_targets.py and test_webhooks.py hold them to.
NO_TEXTS = {
    f"{schema}.{field}": reason
    for schema in ("NewWebhook", "WebhookChange")
    for field, reason in (
        ("url", "an address, in the one way of writing it"),
        ("event_types", "names of the catalogue"),
    )
}


@dataclass
class Site:
    """An admin who teaches and writes, and a member to whom it is done."""

    admin: Browser
    member: Browser

    async def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send as the admin; the texts must be taken."""
        return await self._send(self.admin, method, path, body)

    async def send_as_member(self, method: str, path: str, body: dict[str, Any]) -> Any:
        return await self._send(self.member, method, path, body)

    async def _send(
        self, browser: Browser, method: str, path: str, body: dict[str, Any] | None
    ) -> Any:
        answer = await browser.request(method, path, json=body, headers={"If-Match": "*"})
        assert answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content else None


@dataclass(frozen=True)
class Part:
    """``write`` sends the texts of one round and returns the pages that show them."""

    write: Callable[[Site, Feed], Awaitable[list[str]]]
    fields: tuple[str, ...]


async def write_profile(site: Site, feed: Feed) -> list[str]:
    change = {name: feed(f"ProfileChange.{name}") for name in ("display_name", "bio")}
    await site.send("PATCH", "/api/members/me", change)
    return ["/members", f"/members/{NOVA_ID}", "/profile", "/profile/edit"]


async def write_ranks(site: Site, feed: Feed) -> list[str]:
    name, description = feed("NewRank.name"), feed("NewRank.description")
    code = f"rank-{feed.round}"
    await site.send("POST", "/api/ranks", {"code": code, "name": name, "description": description})
    edit = {"name": feed("RankEdit.name"), "description": feed("RankEdit.description")}
    await site.send("PATCH", "/api/ranks/member", edit)
    reason = {"rank": code, "reason": feed("RankChangeRequest.reason")}
    changes = f"/api/members/{COSMO_ID}/rank-changes"
    await site.send("POST", changes, reason)
    undone = (await site.send("POST", changes, reason | {"rank": "captain"}))["change"]["id"]
    undo = {"reason": feed("UndoRequest.reason")}
    await site.send("POST", f"/api/rank-changes/{undone}/undo", undo)
    departure = f"/api/members/{COSMO_ID}/departure"
    if feed.round:
        await site.send("DELETE", departure)
    await site.send("PUT", departure, {"reason": feed("DepartureRequest.reason")})
    pages = [f"/members/{COSMO_ID}/access", "/permissions", "/permissions/members.read"]
    return ["/ranks", f"/members/{COSMO_ID}", "/members?left=true", "/trainings/~new", *pages]


async def write_posts(site: Site, feed: Feed) -> list[str]:
    new = {"title": feed("NewPost.title"), "body": feed("NewPost.body"), "publish_at": EARLIER}
    first = (await site.send("POST", "/api/posts", new))["id"]
    plain = {"title": "x", "body": "x", "publish_at": EARLIER}
    second = (await site.send("POST", "/api/posts", plain))["id"]
    edit = {"title": feed("PostEdit.title"), "body": feed("PostEdit.body")}
    await site.send("PATCH", f"/api/posts/{second}", edit)
    edits = [f"/posts/{one}/edit" for one in (first, second)]
    return ["/posts", "/posts/~all", "/posts/~new", f"/posts/{first}", f"/posts/{second}", *edits]


async def write_items(site: Site, feed: Feed) -> list[str]:
    new = {"name": feed("NewItem.name"), "description": feed("NewItem.description")}
    item = f"/items/{(await site.send('POST', '/api/items', new))['id']}"
    other = f"/items/{(await site.send('POST', '/api/items', {'name': 'x'}))['id']}"
    edit = {"name": feed("ItemEdit.name"), "description": feed("ItemEdit.description")}
    await site.send("PATCH", f"/api{other}", edit)
    stock = {"kind": "stocked", "quantity": 5, "note": feed("StockMovement.note")}
    await site.send("POST", f"/api{item}/stock", stock)
    lending = {"kind": "issued", "discord_id": COSMO_ID, "quantity": 1}
    await site.send("POST", f"/api{item}/lendings", lending | {"note": feed("Lending.note")})
    return ["/items", item, other, f"/members/{COSMO_ID}"]


async def write_awards(site: Site, feed: Feed) -> list[str]:
    new = {"name": feed("NewAward.name"), "description": feed("NewAward.description")}
    award = f"/awards/{(await site.send('POST', '/api/awards', new))['id']}"
    other = f"/awards/{(await site.send('POST', '/api/awards', {'name': 'x'}))['id']}"
    edit = {"name": feed("AwardEdit.name"), "description": feed("AwardEdit.description")}
    await site.send("PATCH", f"/api{other}", edit)
    grant = {"discord_ids": [COSMO_ID], "reason": feed("GrantRequest.reason")}
    await site.send("POST", f"/api{award}/grants", grant)
    await site.send("POST", f"/api{other}/grants", grant)
    held = (await site.send("GET", f"/api/members/{COSMO_ID}/awards"))["items"][0]["id"]
    withdrawal = {"reason": feed("Withdrawal.reason")}
    await site.send("POST", f"/api/award-grants/{held}/withdraw", withdrawal)
    return ["/awards", award, other, f"/members/{COSMO_ID}"]


async def write_applications(site: Site, feed: Feed) -> list[str]:
    options = feed.all("Question.options")
    asked = [{"key": "why", "label": feed("Question.label")}]
    asked.append({"key": "which", "label": "Which?", "options": options, "required": False})  # type: ignore[dict-item]
    new = {"title": feed("NewForm.title"), "description": feed("NewForm.description")}
    new |= {"questions": asked, "reapply_after_days": 0}  # type: ignore[dict-item]
    form = (await site.send("POST", "/api/application-forms", new))["id"]
    answers = {"why": feed("NewApplication.answers"), "which": options[-1]}
    applied = {"form_id": form, "answers": answers}
    application = (await site.send_as_member("POST", "/api/applications", applied))["id"]
    path = f"/applications/{application}"
    message = {"body": feed("NewMessage.body"), "internal": True}
    await site.send("POST", f"/api{path}/messages", message)
    vote = {"vote": "for", "comment": feed("VoteRequest.comment")}
    await site.send("PUT", f"/api{path}/vote", vote)
    edit = {"title": feed("FormEdit.title"), "description": feed("FormEdit.description")}
    await site.send("PATCH", f"/api/application-forms/{form}", edit)
    decision = {"decision": "rejected", "reason": feed("Decision.reason")}
    await site.send("POST", f"/api{path}/decision", decision)
    forms = f"/applications/forms/{form}"
    return ["/applications?state=all", path, forms, f"{forms}/edit"]


async def write_catalogue(site: Site, feed: Feed) -> list[str]:
    pages = ["/missions", "/trainings"]
    for kind, text in (("Mission", "briefing"), ("Training", "description")):
        path = f"/{kind.lower()}s"
        for slug in (f"new-{feed.round}", f"changed-{feed.round}"):
            new = {"slug": slug, "title": feed(f"New{kind}.title")}
            await site.send("POST", f"/api{path}", new | {text: feed(f"New{kind}.{text}")})
            pages += [f"{path}/{slug}", f"{path}/{slug}/award"]
        change = {name: feed(f"{kind}Change.{name}") for name in ("title", text)}
        await site.send("PATCH", f"/api{path}/changed-{feed.round}", change)
        pages.append(f"{path}/changed-{feed.round}/edit")
    return pages


async def write_dates(site: Site, feed: Feed) -> list[str]:
    """Set one date for each place that is told, all in one round."""
    await site.send("POST", "/api/missions", {"slug": "mission", "title": "x"})
    slots = [{"name": name, "capacity": 1} for name in feed.all("Slot.name")]
    new = {"starts_at": LATER, "slots": slots, "details": feed("NewOccurrence.details")}
    dates = []
    for place in feed.all("NewOccurrence.place"):
        made = await site.send("POST", "/api/missions/mission/occurrences", new | {"place": place})
        dates.append(made["id"])
    for place in feed.all("OccurrenceChange.place"):
        made = await site.send("POST", "/api/missions/mission/occurrences", new)
        change = {"place": place, "details": feed("OccurrenceChange.details")}
        await site.send("PATCH", f"/api/occurrences/{made['id']}", change)
        dates.append(made["id"])
    for name in feed.all("SignupRequest.slot"):
        for send in (site.send, site.send_as_member):
            await send("PUT", f"/api/occurrences/{dates[0]}/signup", {"slot": name})
    pages = [f"/calendar/{one}" for one in dates]
    return ["/calendar", "/missions/mission", *pages, f"{pages[0]}/edit", f"{pages[-1]}/edit"]


async def write_record(site: Site, feed: Feed) -> list[str]:
    """Report on a date, award by hand, alone and in bulk, and take one back."""
    for slug in (f"one-{feed.round}", f"two-{feed.round}", f"three-{feed.round}"):
        await site.send("POST", "/api/missions", {"slug": slug, "title": slug})
    slots = [{"name": "pilot", "capacity": 1}]
    date = {"starts_at": EARLIER, "slots": slots}
    occurrences = f"/api/missions/one-{feed.round}/occurrences"
    path = f"/occurrences/{(await site.send('POST', occurrences, date))['id']}"
    line = {"member": COSMO_ID, "role": feed("ReportLine.role"), "note": feed("ReportLine.note")}
    report = {"body": feed("NewReport.body"), "people": [line]}
    await site.send("PUT", f"/api{path}/report", report)
    for schema, whom, slug in (
        ("NewCompletion", {"member": COSMO_ID}, f"two-{feed.round}"),
        ("NewCompletions", {"members": [COSMO_ID]}, f"three-{feed.round}"),
    ):
        texts = {name: feed(f"{schema}.{name}") for name in ("role", "note")}
        feed.all(f"{schema}.evidence")
        new = {**whom, "mission": slug, "evidence": [LINK], **texts}
        bulk = "/bulk" if schema.endswith("s") else ""
        given = await site.send("POST", f"/api/completions{bulk}", new)
    revoked = f"/api/completions/{given['items'][0]['completion_id']}/revoke"
    await site.send("POST", revoked, {"reason": feed("RevocationRequest.reason")})
    report_page = path.replace("/occurrences", "/calendar") + "/report"
    record = f"/members/{COSMO_ID}/record"
    return [f"/members/{COSMO_ID}", record, report_page, f"{report_page}/edit"]


async def write_boards(site: Site, feed: Feed) -> list[str]:
    counter = {"key": f"counter_{feed.round}", "title": feed("NewCounter.title")}
    await site.send("POST", "/api/counters", counter)
    season = {"slug": f"season-{feed.round}", "title": feed("NewSeason.title")}
    season |= {"starts_at": EARLIER, "ends_at": LATER}
    await site.send("POST", "/api/seasons", season)
    boards = [f"/leaderboards?counter={counter['key']}", f"/leaderboards?period={season['slug']}"]
    pages = ["/leaderboards/seasons", "/leaderboards/counters", f"/members/{COSMO_ID}"]
    return [*boards, *pages, f"/leaderboards/seasons/{season['slug']}/close"]


async def write_keys(site: Site, feed: Feed) -> list[str]:
    new = {"name": feed("NewApiKey.name"), "scopes": ["items.read"]}
    made = await site.send("POST", "/api/keys", new)
    return ["/api-keys", f"/api-keys/{made['id']}"]


async def write_webhooks(site: Site, feed: Feed) -> list[str]:
    new = {"url": "https://bot.example.org/", "event_types": ["item.added"]}
    description = feed("NewWebhook.description")
    made = await site.send("POST", "/api/webhooks", new | {"description": description})
    first, changed = made["id"], feed("WebhookChange.description")
    again = await site.send("POST", "/api/webhooks", new)
    await site.send("PATCH", f"/api/webhooks/{again['id']}", {"description": changed})
    return ["/webhooks", f"/webhooks/{first}", f"/webhooks/{again['id']}"]


def _names(schema: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{schema}.{name}" for name in names)


PARTS = {
    "profile": Part(write_profile, _names("ProfileChange", "display_name", "bio")),
    "ranks": Part(
        write_ranks,
        (
            *_names("NewRank", "name", "description"), *_names("RankEdit", "name", "description"),
            "RankChangeRequest.reason", "UndoRequest.reason", "DepartureRequest.reason",
        ),
    ),
    "posts": Part(
        write_posts, (*_names("NewPost", "title", "body"), *_names("PostEdit", "title", "body"))
    ),
    "items": Part(
        write_items,
        (
            *_names("NewItem", "name", "description"), *_names("ItemEdit", "name", "description"),
            "StockMovement.note", "Lending.note",
        ),
    ),
    "awards": Part(
        write_awards,
        (
            *_names("NewAward", "name", "description"), *_names("AwardEdit", "name", "description"),
            "GrantRequest.reason", "Withdrawal.reason",
        ),
    ),
    "applications": Part(
        write_applications,
        (
            *_names("NewForm", "title", "description"), *_names("Question", "label", "options"),
            *_names("FormEdit", "title", "description"), "NewApplication.answers",
            "NewMessage.body", "VoteRequest.comment", "Decision.reason",
        ),
    ),
    "catalogue": Part(
        write_catalogue,
        (
            *_names("NewMission", "title", "briefing"), *_names("MissionChange", "title", "briefing"),
            *_names("NewTraining", "title", "description"),
            *_names("TrainingChange", "title", "description"),
        ),
    ),
    "dates": Part(
        write_dates,
        (
            *_names("NewOccurrence", "place", "details"), "Slot.name", "SignupRequest.slot",
            *_names("OccurrenceChange", "place", "details"),
        ),
    ),
    "record": Part(
        write_record,
        (
            *_names("NewCompletion", "role", "note", "evidence"),
            *_names("NewCompletions", "role", "note", "evidence"),
            *_names("ReportLine", "role", "note"), "NewReport.body", "RevocationRequest.reason",
        ),
    ),
    "boards": Part(write_boards, ("NewCounter.title", "NewSeason.title")),
    "keys": Part(write_keys, ("NewApiKey.name",)),
    "webhooks": Part(
        write_webhooks, ("NewWebhook.description", "WebhookChange.description")
    ),
}  # fmt: skip
