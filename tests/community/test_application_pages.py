"""Applying on pages: a form is made, filled in, talked about, voted on and decided."""

import re

import pytest

from backend.devtools.discord.seeds import COSMO_ID, LYRA_ID, NOVA_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People

FORM = {
    "title": "Join", "reapply_after_days": "30", "is_open": "yes",
    "label-0": "Why?", "required-0": "yes",
    "label-1": "How often?", "options-1": "Daily\r\nWeekly\r\n",
}  # fmt: skip


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


@pytest.fixture
async def officer(people: People) -> Browser:
    return await people.sign_in(LYRA_ID, role="officer")


async def made_form(admin: Browser) -> str:
    assert (await admin.post("/applications/forms", data=FORM)).status_code == 303
    [form] = (await admin.get("/api/application-forms")).json()["items"]
    return str(form["id"])


async def applied(people: People, admin: Browser) -> tuple[Browser, str]:
    form = await made_form(admin)
    applicant = await people.sign_in(COSMO_ID)
    answers = {"answer-why": "The <stars>", "answer-how-often": "Weekly"}
    answer = await applicant.post(f"/applications/forms/{form}", data=answers)
    assert answer.status_code == 303, answer.text
    return applicant, answer.headers["location"].partition("?")[0]


async def test_a_form_asks_what_its_rows_say_and_keeps_keys_when_words_change(
    admin: Browser,
) -> None:
    form = await made_form(admin)

    [made] = (await admin.get("/api/application-forms")).json()["items"]
    assert made["questions"] == [
        {"key": "why", "label": "Why?", "required": True, "options": []},
        {"key": "how-often", "label": "How often?", "required": False,
         "options": ["Daily", "Weekly"]},
    ]  # fmt: skip
    changed = FORM | {"key-0": "why", "label-0": "Why us?", "label-1": ""}
    await admin.post(f"/applications/forms/{form}/edit", data=changed)
    [edited] = (await admin.get("/api/application-forms")).json()["items"]
    assert [(one["key"], one["label"]) for one in edited["questions"]] == [("why", "Why us?")]


async def test_an_answer_that_is_missing_is_asked_for_and_the_others_are_kept(
    people: People, admin: Browser
) -> None:
    form = await made_form(admin)
    applicant = await people.sign_in(COSMO_ID)

    answer = await applicant.post(
        f"/applications/forms/{form}", data={"answer-why": " ", "answer-how-often": "Weekly"}
    )

    assert answer.status_code == 400
    assert "“Why?” must be answered." in answer.text
    assert '<option value="Weekly" selected>' in answer.text


async def test_what_reviewers_say_among_themselves_is_not_shown_to_the_applicant(
    people: People, admin: Browser, officer: Browser
) -> None:
    applicant, path = await applied(people, admin)

    await officer.post(f"{path}/messages", data={"body": "Between us", "internal": "yes"})
    await officer.post(f"{path}/messages", data={"body": "Welcome!"})
    await officer.post(f"{path}/vote", data={"vote": "against", "comment": "Too new"})

    seen = (await applicant.get(path)).text
    assert "Welcome!" in seen
    assert "The &lt;stars&gt;" in seen
    for hidden in ("Between us", "Too new", "Votes", "Decision", f"{path}/vote"):
        assert hidden not in seen
    reviewed = (await officer.get(path)).text
    for shown in ("Between us", "Too new", "Welcome!"):
        assert shown in reviewed


async def test_whoever_decides_second_is_told_and_changes_nothing(
    people: People, admin: Browser, officer: Browser
) -> None:
    applicant, path = await applied(people, admin)

    first = await admin.post(f"{path}/decision", data={"decision": "accepted", "reason": "Yes"})
    second = await officer.post(f"{path}/decision", data={"decision": "rejected", "reason": "No"})

    assert first.status_code == 303
    assert second.status_code == 409
    assert "Somebody was quicker: this application is accepted." in second.text
    shown = (await applicant.get(path)).text
    assert re.search(r"Accepted on .*: <bdi>Yes</bdi>", shown)


async def test_a_stranger_does_not_see_an_application(people: People, admin: Browser) -> None:
    _, path = await applied(people, admin)
    stranger = await people.sign_in(LYRA_ID)

    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post(f"{path}/messages", data={"body": "x"})).status_code == 404
