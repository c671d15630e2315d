"""Who may do what, shown and changed in a real browser without JavaScript."""

from playwright.async_api import expect

from backend.devtools.discord.seeds import PIXEL_ID
from tests.browser.conftest import Cast

ACCESS = f"/members/{PIXEL_ID}/access"


async def test_an_admin_gives_a_role_a_permission_and_takes_it_back(cast: Cast) -> None:
    admin, officer = await cast.page("admin"), await cast.page("officer")
    await admin.goto("/community")
    await admin.get_by_role("link", name="Permissions").first.click()
    await admin.get_by_role("link", name="Change what officer may do").click()
    box = admin.get_by_role("checkbox", name="officer: ranks.manage")
    await expect(box).not_to_be_checked()
    await box.check()
    await admin.get_by_role("button", name="Save for officer").click()
    await expect(admin.get_by_role("status")).to_contain_text("officer")

    await officer.goto("/ranks")
    await expect(officer.get_by_text("Add a rank")).to_be_visible()
    await officer.goto("/permissions/ranks.manage")
    await expect(officer.get_by_role("row").filter(has_text="captain_vega")).to_contain_text(
        "role officer"
    )
    await admin.goto("/permissions?edit=officer")
    await box.uncheck()
    await admin.get_by_role("button", name="Save for officer").click()
    await officer.goto("/ranks")
    await expect(officer.get_by_text("Add a rank")).to_have_count(0)


async def test_an_officer_sees_the_table_and_cannot_change_it(cast: Cast) -> None:
    officer, member = await cast.page("officer"), await cast.page("member")
    await officer.goto("/permissions?edit=officer")
    await expect(officer.get_by_role("table")).to_contain_text("members.promote")
    await expect(officer.get_by_role("checkbox")).to_have_count(0)
    await officer.goto(ACCESS)
    await expect(officer.get_by_text("Grant permissions")).to_have_count(0)
    refused = await cast.post(officer, f"{ACCESS}/grants", boxes="shown")
    assert (refused.status, (await refused.json())["code"]) == (403, "admin_required")

    await member.goto("/members")
    await expect(member.get_by_role("link", name="Permissions")).to_have_count(0)
    answer = await member.goto(ACCESS)
    assert answer is not None
    assert answer.status == 403


async def test_an_admin_grants_tags_and_flags_a_member_and_finds_them_by_it(cast: Cast) -> None:
    admin, member = await cast.page("admin"), await cast.page("member")
    await admin.goto(f"/members/{PIXEL_ID}")
    await admin.get_by_role("link", name="Access, tags and plan").click()
    await admin.get_by_text("Change tags, plan and feature flags").click()
    await admin.get_by_role("textbox", name="Tags").fill("Loud vip")
    await admin.get_by_label("Plan", exact=True).fill("patron")
    await admin.get_by_label("Flag 1", exact=True).fill("beta")
    await admin.get_by_role("button", name="Save", exact=True).click()
    await expect(admin.get_by_role("alert")).to_contain_text("small letters")
    await expect(admin.get_by_role("textbox", name="Tags")).to_have_value("Loud vip")
    await expect(admin.get_by_label("Flag 1", exact=True)).to_have_value("beta")
    await admin.get_by_role("textbox", name="Tags").fill("loud vip")
    await admin.get_by_role("button", name="Save", exact=True).click()
    await expect(admin.locator("main")).to_contain_text("beta on")
    await admin.goto("/members")
    await admin.get_by_text("More filters").click()
    await admin.get_by_label("Tag").fill("vip")
    await admin.get_by_role("button", name="Find").click()
    await expect(admin.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    await admin.get_by_role("link", name="Pixel Halley").click()
    await admin.get_by_role("link", name="Access, tags and plan").click()

    await admin.get_by_text("Grant permissions, or take them back").click()
    await admin.get_by_role("checkbox", name="posts.write").check()
    await admin.get_by_role("button", name="Save the grants").click()
    row = admin.get_by_role("row").filter(has_text="posts.write")
    await expect(row).to_contain_text("granted to them")
    await member.goto("/posts")
    await expect(member.get_by_role("link", name="Write a post")).to_be_visible()
    await admin.get_by_text("Grant permissions, or take them back").click()
    await admin.get_by_role("checkbox", name="posts.write").uncheck()
    await admin.get_by_role("button", name="Save the grants").click()
    await expect(row).to_have_count(0)
    await member.reload()
    await expect(member.get_by_role("link", name="Write a post")).to_have_count(0)
