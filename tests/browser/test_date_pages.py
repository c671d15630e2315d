"""Sign-ups that need a yes, and who has what, in a real browser without JavaScript."""

from playwright.async_api import expect

from backend.devtools.discord.seeds import PIXEL_ID
from tests.browser.conftest import Cast


async def test_a_sign_up_waits_for_an_officers_yes(cast: Cast) -> None:
    officer, member = await cast.page("officer"), await cast.page("member")
    await cast.post(officer, "/missions", slug="by-invitation", title="By invitation")
    await officer.goto("/missions/by-invitation/dates/new")
    await officer.get_by_label("Begins").fill("2099-01-01T20:00")
    await officer.get_by_label("Each sign-up is approved").check()
    await officer.get_by_role("button", name="Save").click()
    await expect(officer.locator("main")).to_contain_text("Each is approved before it counts")

    await member.goto(officer.url)
    await member.get_by_role("button", name="Sign up").click()
    await expect(member.get_by_role("status")).to_contain_text("decides on it")
    await expect(member.get_by_text("it is not decided yet")).to_be_visible()
    await expect(member.get_by_role("button", name="Approve")).to_have_count(0)
    refused = await cast.post(member, f"{officer.url.partition('?')[0]}/signups/{PIXEL_ID}/approve")
    assert refused.status == 403
    await officer.get_by_role("button", name="Sign up").click()
    await expect(officer.get_by_role("button", name="Approve Captain Vega")).to_have_count(0)
    row = officer.get_by_role("row").filter(has_text="Pixel Halley")
    await expect(row).to_contain_text("to be approved")
    await row.get_by_role("button", name="Approve").click()
    await expect(row).to_contain_text("seated")
    await member.reload()
    await expect(member.get_by_text("You have a seat")).to_be_visible()


async def test_the_holders_of_awards_and_items_stand_on_their_pages(cast: Cast) -> None:
    admin, member = await cast.page("admin"), await cast.page("member")
    await admin.goto("/awards")
    await admin.get_by_text("Add an award").click()
    await admin.get_by_label("Name").fill("Comet Medal")
    await admin.get_by_role("button", name="Add", exact=True).click()
    await expect(admin.get_by_text("Nobody has it yet")).to_be_visible()
    await admin.get_by_label("Members").fill("Pixel Halley")
    await admin.get_by_label("What for").fill("Saw a comet")
    await admin.get_by_role("button", name="Grant").click()
    await member.goto(admin.url)
    row = member.get_by_role("row").filter(has_text="Pixel Halley")
    await expect(row).to_contain_text("Saw a comet")
    await expect(member.get_by_role("button", name="Grant")).to_have_count(0)

    await admin.goto("/items")
    await admin.get_by_text("Add an item").click()
    await admin.get_by_label("Name").fill("Telescope")
    await admin.get_by_role("button", name="Add", exact=True).click()
    item = admin.url.partition("?")[0]
    await cast.post(admin, f"{item}/stock", kind="stocked", quantity="3")
    await cast.post(admin, f"{item}/lendings", kind="issued", member=PIXEL_ID, quantity="2")
    await admin.goto(item)
    await expect(admin.get_by_role("listitem").filter(has_text="Pixel Halley")).to_be_visible()
    await admin.get_by_role("link", name="Take back from Pixel Halley").click()
    await admin.get_by_label("How many").first.fill("2")
    await admin.get_by_role("button", name="Note it down").click()
    await expect(admin.get_by_text("Nobody has any of it")).to_be_visible()
    await member.goto(item)
    await expect(member.get_by_text("Who has it")).to_have_count(0)
