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
    await admin.get_by_label("Why").fill("Moved away")
    await admin.get_by_role("button", name="Record the departure").click()
    await expect(admin.locator("main")).to_contain_text("Moved away")

    await officer.goto("/members?search=Pixel")
    await expect(officer.locator("main")).not_to_contain_text("Pixel Halley")
    await officer.get_by_text("More filters").click()
    await officer.get_by_label("Those who have left").check()
    await officer.get_by_role("button", name="Find").click()
    await expect(officer.locator("main")).to_contain_text("Moved away")
    await officer.get_by_role("link", name="Pixel Halley").click()
    await officer.get_by_role("button", name="Record that they are back").click()
    await expect(officer.get_by_role("alert")).to_contain_text("below your own")
    await admin.get_by_role("button", name="Record that they are back").click()
    await expect(admin.get_by_role("status")).to_contain_text("back")
