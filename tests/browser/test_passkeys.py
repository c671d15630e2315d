"""Passkeys in a real browser, with the authenticator that Chromium can pretend to have."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Development


@pytest.fixture
async def with_scripts(chromium: Browser, development: Development) -> AsyncIterator[Page]:
    """Yield a page with JavaScript and an authenticator that says yes; nothing may be blocked."""
    context = await chromium.new_context(base_url=development.origin)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    devtools = await context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    await devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield page
    await context.close()
    assert [one for one in complaints if "Content Security Policy" in one] == []


async def test_a_passkey_is_added_signs_in_proves_and_is_removed(with_scripts: Page) -> None:
    page = with_scripts
    await page.goto("/sign-in")
    await page.get_by_role("link", name="Sign in with Discord").click()
    await page.get_by_role("radio", name="Orion Vance").check()
    await page.get_by_role("button", name="Authorize").click()
    await page.goto("/account/factors")
    await page.get_by_label("Name of the new passkey").fill("My <b>laptop</b>")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("status")).to_contain_text("The passkey was added")
    await expect(page.get_by_text("My <b>laptop</b>")).to_be_visible()

    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.wait_for_url("**/profile")

    await page.goto("/step-up?next=/account/factors")
    await page.get_by_role("button", name="Use a passkey").click()
    await page.wait_for_url("**/account/factors")
    await expect(page.get_by_text("last used")).to_be_visible()
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("status")).to_contain_text("The passkey was removed")

    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("not accepted")


async def test_without_scripts_the_buttons_are_not_there(page: Page) -> None:
    await page.goto("/sign-in")

    await expect(page.get_by_role("link", name="Sign in with Discord")).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
