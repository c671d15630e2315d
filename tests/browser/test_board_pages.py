"""Seasons and counters, in a real browser without JavaScript."""

from playwright.async_api import expect

from backend.devtools.discord.seeds import PIXEL_ID
from tests.browser.conftest import Cast


async def test_a_season_is_opened_and_closed_for_ever(cast: Cast) -> None:
    admin, member = await cast.page("admin"), await cast.page("member")
    await admin.goto("/leaderboards")
    await admin.get_by_role("link", name="Seasons").click()
    await admin.get_by_text("Open a season").click()
    await admin.get_by_label("Title").fill("Long ago")
    await admin.get_by_label("Short name").fill("long-ago")
    await admin.get_by_label("Begins").fill("2020-02-01T00:00")
    await admin.get_by_label("Ends").fill("2020-01-01T00:00")
    await admin.get_by_role("button", name="Open the season").click()
    await expect(admin.get_by_role("alert")).to_contain_text("cannot end before it begins")
    await expect(admin.get_by_label("Title")).to_have_value("Long ago")
    await admin.get_by_label("Ends").fill("2020-03-01T00:00")
    await admin.get_by_role("button", name="Open the season").click()
    row = admin.get_by_role("row").filter(has_text="Long ago")
    await expect(row).to_contain_text("over, not closed yet")

    await member.goto("/leaderboards/seasons")
    await expect(member.get_by_role("link", name="Long ago")).to_be_visible()
    await expect(member.get_by_role("link", name="Close")).to_have_count(0)
    answer = await member.goto("/leaderboards/seasons/long-ago/close")
    assert answer is not None
    assert answer.status == 403
    await row.get_by_role("link", name="Close").click()
    await expect(admin.locator("main")).to_contain_text("It cannot be undone")
    await admin.get_by_role("button", name="Close the season for ever").click()
    await expect(row).to_contain_text("closed")
    await admin.goto("/leaderboards/seasons/long-ago/close")
    await expect(admin.get_by_role("button", name="Close the season")).to_have_count(0)


async def test_a_counter_is_declared_set_and_added_to(cast: Cast) -> None:
    admin, officer = await cast.page("admin"), await cast.page("officer")
    await admin.goto("/leaderboards/counters")
    await admin.get_by_text("Declare a counter").click()
    await admin.get_by_label("Title").fill("Comets seen")
    await admin.get_by_label("Key").fill("points")
    await admin.get_by_role("button", name="Declare the counter").click()
    await expect(admin.get_by_role("alert")).to_contain_text("counted from the record")
    await admin.get_by_label("Key").fill("comets_seen")
    await admin.get_by_role("button", name="Declare the counter").click()
    await expect(admin.get_by_role("link", name="Comets seen")).to_be_visible()

    for how, number, seen in (("value", "5", "5"), ("add", "-2", "3")):
        await admin.goto(f"/members/{PIXEL_ID}")
        await admin.get_by_text("Change a counter").click()
        await admin.get_by_label("Counter").select_option("comets_seen")
        await admin.get_by_label("What", exact=True).select_option(how)
        await admin.get_by_label("Number").fill(number)
        await admin.get_by_role("button", name="Change the counter").click()
        await expect(admin.get_by_role("status")).to_contain_text("counter was changed")
        stat = admin.locator(".stats div").filter(has_text="Comets seen")
        await expect(stat.locator("dd")).to_have_text(seen)

    await officer.goto(f"/members/{PIXEL_ID}")
    await expect(officer.get_by_text("Change a counter")).to_have_count(0)
