"""What a newcomer and an admin do, in a real browser with JavaScript switched off."""

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import Development

NEW_PASSWORD = "orbit-lantern-7-violet"


async def _sign_in(page: Page, person: str) -> None:
    await page.goto("/")
    await page.get_by_role("link", name="Sign in with Discord").click()
    await page.get_by_role("radio", name=person).check()
    await page.get_by_role("button", name="Authorize").click()


async def test_a_newcomer_signs_in_and_sees_a_profile(page: Page) -> None:
    await _sign_in(page, "Nova Reyes")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Nova Reyes")
    assert page.url.endswith("/profile")
    picture = page.locator("main img").first
    assert await picture.get_attribute("src")
    assert await picture.evaluate("image => image.complete && image.naturalWidth > 0") is True


async def test_cancelling_at_discord_is_no_dead_end(page: Page) -> None:
    await page.goto("/sign-in")
    await page.get_by_role("link", name="Sign in with Discord").click()
    await page.get_by_role("button", name="Cancel").click()

    await expect(page.locator("main")).to_contain_text("You cancelled at Discord")
    await page.locator("main").get_by_role("link", name=re.compile("Sign in")).click()
    await expect(page.get_by_role("link", name="Sign in with Discord")).to_be_visible()


async def test_a_member_edits_the_profile_and_looks_around(page: Page) -> None:
    await _sign_in(page, "Lyra Okafor")
    await page.get_by_role("link", name="Edit profile").click()
    await page.get_by_label("Display name").fill("Lyra <b>the Bold</b>")
    await page.get_by_label("About you").fill("One\nTwo")
    await page.get_by_role("button", name="Save").click()

    await expect(page.get_by_role("status")).to_contain_text("saved")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Lyra <b>the Bold</b>")
    await page.get_by_role("link", name="Members").click()
    await page.get_by_label("Find by name").fill("lyra")
    await page.get_by_label("Find by name").press("Enter")
    await page.get_by_role("link", name="Lyra <b>the Bold</b>").click()
    await expect(page.locator("main")).to_contain_text("One")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in with Discord")).to_be_visible()
    await page.goto("/profile")
    assert "/sign-in" in page.url


async def test_the_admin_replaces_the_first_password_and_changes_a_role(
    page: Page, development: Development
) -> None:
    await _sign_in(page, "Cosmo Lindqvist")
    await page.get_by_role("button", name="Sign out").click()

    await page.get_by_text("Sign in with a password").click()
    await page.get_by_label("User name or e-mail").fill("admin")
    await page.get_by_label("Password", exact=True).fill("Admin123!")
    await page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    assert page.url.endswith("/password")
    await page.get_by_label("Current password").fill("Admin123!")
    await page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    await page.get_by_label("New password again").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Change password").click()

    await page.get_by_role("link", name="Users").click()
    row = page.get_by_role("row").filter(has_text="cosmo.l")
    await row.get_by_label("Role of cosmo.l").select_option("officer")
    await row.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("The role was changed")
    await expect(row.get_by_label("Role of cosmo.l")).to_have_value("officer")
    await row.get_by_role("button", name="Deactivate cosmo.l").click()
    await expect(row).to_contain_text("deactivated")
    own = page.get_by_role("row").filter(has_text="you")
    await own.get_by_label("Role of admin").select_option("member")
    await own.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("last active admin")
