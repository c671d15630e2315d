"""Awarding by hand, counting, leaving and coming back, in a real browser without JavaScript."""

from playwright.async_api import expect

from backend.devtools.discord.seeds import PIXEL_ID, VEGA_ID
from tests.browser.conftest import Cast

MEMBER = f"/members/{PIXEL_ID}"


async def test_a_mission_is_awarded_by_hand_and_revoked_with_a_reason(cast: Cast) -> None:
    officer, admin = await cast.page("officer"), await cast.page("admin")
    await cast.post(officer, "/missions", slug="by-hand", title="By hand", points="7")
    await officer.goto(MEMBER)
    await officer.get_by_role("link", name="Award a mission or training").click()
    await officer.get_by_text("A mission", exact=True).click()
    await officer.get_by_label("Mission").fill("no-such-thing")
    await officer.get_by_label("Role").fill("pilot")
    await officer.get_by_role("button", name="Award the mission").click()
    await expect(officer.get_by_role("alert")).to_contain_text("no such mission")
    await expect(officer.get_by_label("Role")).to_have_value("pilot")
    await officer.get_by_label("Mission").fill("by-hand")
    await officer.get_by_role("button", name="Award the mission").click()
    entry = officer.get_by_role("listitem").filter(has_text="By hand")
    await expect(entry).to_contain_text("pilot · 7 points · by Captain Vega")
    await expect(entry.get_by_text("Revoke")).to_have_count(0)

    await admin.goto(f"{MEMBER}/record")
    await admin.get_by_text("Revoke By hand").click()
    await admin.get_by_label("Why it is revoked").fill("Was not there")
    await admin.get_by_role("button", name="Revoke it").click()
    await expect(admin.get_by_role("status")).to_contain_text("taken back")
    await officer.reload()
    await expect(entry).to_contain_text("Was not there")
    await officer.goto(MEMBER)
    await expect(officer.locator("main")).not_to_contain_text("By hand")


async def test_nobody_is_offered_to_award_himself(cast: Cast) -> None:
    officer = await cast.page("officer")
    await officer.goto(f"/members/{VEGA_ID}/record")
    await expect(officer.get_by_role("heading", level=1)).to_have_text("Record")
    await expect(officer.get_by_text("Award something by hand")).to_have_count(0)

    path = f"/members/{VEGA_ID}/record/missions"
    answer = await cast.post(officer, path, mission="by-hand", outcome="success")
    assert (answer.status, "Nobody keeps their own record" in await answer.text()) == (403, True)


async def test_a_member_leaves_and_comes_back(cast: Cast) -> None:
    admin, officer = await cast.page("admin"), await cast.page("officer")
    await admin.goto(MEMBER)
    await admin.get_by_text("Record that they have left").click()
    await admin.get_by_role("textbox", name="Why", exact=True).fill("Moved away")
    await admin.get_by_role("button", name="Record the departure").click()
    await expect(admin.locator("main")).to_contain_text("Moved away")

    await officer.goto("/members?search=Pixel")
    await expect(officer.locator("main")).not_to_contain_text("Pixel Halley")
    await officer.get_by_text("More filters").click()
    await officer.get_by_label("Those who have left").check()
    await officer.get_by_role("button", name="Find").click()
    await expect(officer.locator("main")).to_contain_text("Moved away")
    await officer.get_by_role("link", name="Pixel Halley").click()
    # Of the same rank, so that it is not for him to record.
    await expect(officer.get_by_role("button", name="Record that they are back")).to_have_count(0)
    refused = await cast.post(officer, f"{MEMBER}/return")
    assert (refused.status, "below your own" in await refused.text()) == (403, True)
    await admin.get_by_role("button", name="Record that they are back").click()
    await expect(admin.get_by_role("status")).to_contain_text("back")


async def test_a_training_is_awarded_to_many_and_each_is_told_of(cast: Cast) -> None:
    officer, member = await cast.page("officer"), await cast.page("member")
    await cast.post(officer, "/trainings", slug="for-many", title="For many", level="1")
    await officer.goto("/trainings/for-many")
    await officer.get_by_role("link", name="Award it by hand").click()
    await officer.get_by_label("Members").fill("Pixel Halley\n77\nCaptain Vega")
    await officer.get_by_role("button", name="Award it to all").click()
    await expect(officer.get_by_role("alert")).to_contain_text("Only a listed instructor")
    await expect(officer.get_by_label("Members")).to_have_value("Pixel Halley\n77\nCaptain Vega")
    await officer.get_by_label("Result").select_option("waived")
    await officer.get_by_role("button", name="Award it to all").click()
    await expect(officer.get_by_role("status")).to_contain_text("1 of 3 were awarded")
    row = officer.get_by_role("listitem").filter(has_text="Captain Vega")
    await expect(row).to_contain_text("nobody awards himself")

    await member.goto("/trainings/for-many")
    await expect(member.get_by_role("link", name="Award it by hand")).to_have_count(0)
    await member.get_by_role("link", name="Who has it").click()
    await expect(member.get_by_role("link", name="Pixel Halley")).to_be_visible()
    answer = await member.goto("/trainings/for-many/award")
    assert answer is not None
    assert answer.status == 403
