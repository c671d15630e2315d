"""Recruitment: a form, a thread, votes, and one decision whoever else decides."""

import asyncio
from typing import Any

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID, ORION_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection

QUESTIONS = [
    {"key": "why", "label": "Why us?"},
    {"key": "when", "label": "When can you?", "options": ["Evenings", "Weekends"]},
    {"key": "else", "label": "Anything else?", "required": False},
]
ANSWERS = {"why": "You seem nice.", "when": "Weekends"}


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


@pytest.fixture
async def officer(people: People) -> Browser:
    return await people.sign_in(ORION_ID, role="officer")


@pytest.fixture
async def applicant(people: People) -> Browser:
    return await people.sign_in(COSMO_ID)


@pytest.fixture
async def form(admin: Browser, people: People) -> str:
    made = await admin.post(
        "/api/application-forms", json={"title": "Join us", "questions": QUESTIONS}
    )
    assert made.status_code == 201, made.text
    assert await people.audited() == ["form.added"]
    return str(made.json()["id"])


async def apply(browser: Browser, form: str, **answers: Any) -> httpx2.Response:
    return await browser.post(
        "/api/applications", json={"form_id": form, "answers": ANSWERS | answers}
    )


@pytest.fixture
async def path(applicant: Browser, form: str, people: People) -> str:
    """Return the path of an application that waits for a decision."""
    made = await apply(applicant, form)
    assert made.status_code == 201, made.text
    assert await people.audited() == ["application.submitted"]
    return f"/api/applications/{made.json()['id']}"


async def test_applies_talks_is_voted_on_and_accepted(
    officer: Browser, applicant: Browser, path: str, people: People
) -> None:
    listed = (await officer.get("/api/applications?status=pending")).json()["items"]
    assert [(one["discord_id"], one["answers"][0]["answer"]) for one in listed] == [
        (COSMO_ID, "You seem nice.")
    ]
    await officer.post(f"{path}/messages", json={"body": "Tell us more."})
    await officer.post(f"{path}/messages", json={"body": "I know him.", "internal": True})
    await applicant.post(f"{path}/messages", json={"body": "Gladly."})
    await officer.put(f"{path}/vote", json={"vote": "against"})
    votes = await officer.put(f"{path}/vote", json={"vote": "for", "comment": "Good answers."})
    decided = await officer.post(
        f"{path}/decision", json={"decision": "accepted", "reason": "Welcome!"}
    )

    thread = [one["body"] for one in (await officer.get(f"{path}/messages")).json()["items"]]
    assert thread == ["Tell us more.", "I know him.", "Gladly."]
    seen = [one["body"] for one in (await applicant.get(f"{path}/messages")).json()["items"]]
    assert seen == ["Tell us more.", "Gladly."]
    assert [(one["vote"], one["comment"]) for one in votes.json()["items"]] == [
        ("for", "Good answers.")
    ]
    assert decided.json()["status"] == "accepted"
    assert (await applicant.get(path)).json()["decision_reason"] == "Welcome!"
    assert await people.audited() == [
        *["application.answered"] * 3, *["application.voted"] * 2, "application.accepted",
    ]  # fmt: skip


async def test_two_officers_deciding_at_once_make_one_decision(
    officer: Browser, admin: Browser, applicant: Browser, path: str, people: People
) -> None:
    await people.open_connections(officer)

    answers = await asyncio.gather(
        *(
            browser.post(f"{path}/decision", json={"decision": decision, "reason": decision})
            for browser, decision in ((officer, "accepted"), (admin, "rejected")) * 5
        ),
        applicant.post(f"{path}/withdraw"),
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 10
    (won,) = [answer.json()["status"] for answer in answers if answer.status_code == 200]
    (late, *_) = [answer.json() for answer in answers if answer.status_code == 409]
    assert (late["code"], won in late["detail"]) == ("application_decided", True)
    assert (await applicant.get(path)).json()["status"] == won
    assert await people.audited() == [f"application.{won}"]
    closed = await officer.put(f"{path}/vote", json={"vote": "for"})
    assert closed.json()["code"] == "application_decided"


async def test_ten_applications_at_once_are_one(
    applicant: Browser, form: str, people: People
) -> None:
    await people.open_connections(applicant)

    answers = await asyncio.gather(*(apply(applicant, form) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    codes = {answer.json().get("code") for answer in answers} - {None}
    assert codes == {"application_pending"}
    assert await people.audited() == ["application.submitted"]


async def test_may_apply_again_after_some_days_or_after_withdrawing(
    officer: Browser, applicant: Browser, form: str, path: str, community_owner: Connection
) -> None:
    await applicant.post(f"{path}/withdraw")
    second = await apply(applicant, form)
    assert second.status_code == 201
    await officer.post(
        f"/api/applications/{second.json()['id']}/decision",
        json={"decision": "rejected", "reason": "Not yet."},
    )

    soon = await apply(applicant, form)
    assert (soon.status_code, soon.json()["code"]) == (409, "too_soon_to_reapply")
    await community_owner.execute(
        "UPDATE applications SET decided_at = decided_at - interval '31 days'"
    )
    assert (await apply(applicant, form)).status_code == 201
    mine = (await applicant.get("/api/applications/mine")).json()["items"]
    assert [one["status"] for one in mine] == ["pending", "rejected", "withdrawn"]


async def test_an_application_is_not_there_for_others(
    admin: Browser, path: str, people: People
) -> None:
    other = await people.sign_in(ORION_ID)

    for answer in (
        await other.get(path),
        await other.get(f"{path}/messages"),
        await other.post(f"{path}/messages", json={"body": "x"}),
        await other.post(f"{path}/withdraw"),
        await admin.post(f"{path}/withdraw"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "application_not_found")
    assert (await other.get(f"{path}/votes")).status_code == 403
    assert (await other.get("/api/applications/mine")).json()["items"] == []


async def test_nobody_judges_his_own_application(officer: Browser, form: str) -> None:
    made = await apply(officer, form)
    path = f"/api/applications/{made.json()['id']}"

    for answer in (
        await officer.post(f"{path}/decision", json={"decision": "accepted", "reason": "x"}),
        await officer.put(f"{path}/vote", json={"vote": "for"}),
        await officer.get(f"{path}/votes"),
        await officer.post(f"{path}/messages", json={"body": "x", "internal": True}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "cannot_judge_yourself")


async def test_answers_stay_readable_when_the_form_changes(
    admin: Browser, form: str, path: str
) -> None:
    await admin.patch(
        f"/api/application-forms/{form}",
        json={"questions": [{"key": "new", "label": "New?"}], "is_open": False},
    )

    answers = (await admin.get(path)).json()["answers"]
    assert [(one["label"], one["answer"]) for one in answers] == [
        ("Why us?", "You seem nice."), ("When can you?", "Weekends"), ("Anything else?", None),
    ]  # fmt: skip
    assert (await apply(admin, form)).json()["code"] == "form_closed"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"answers": {}}, 400),
        ({"answers": {"why": "x", "when": "Never"}}, 400),
        ({"answers": ANSWERS | {"extra": "x"}}, 400),
        ({"answers": ANSWERS | {"why": "x" * 4001}}, 422),
        ({"answers": ANSWERS | {"why": "nul\0"}}, 422),
        ({"answers": ANSWERS | {"why": 7}}, 422),
        ({"answers": [["why", "x"]]}, 422),
        ({"answers": ANSWERS, "status": "accepted"}, 422),
        ({"answers": ANSWERS, "form_id": "0198c0de-0000-7000-8000-000000000001"}, 404),
        ({"answers": ANSWERS, "form_id": "1"}, 422),
    ],
)
async def test_answers_that_make_no_sense_are_not_handed_in(
    applicant: Browser, form: str, people: People, body: dict[str, Any], status: int
) -> None:
    answer = await applicant.post("/api/applications", json={"form_id": form} | body)

    assert answer.status_code == status, answer.text
    assert await people.audited() == []
