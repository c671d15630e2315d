"""Downloading one's data and deleting one's account, in a real browser without JavaScript."""

import json
from pathlib import Path

from playwright.async_api import Page, expect

SIGNED_OUT = "You are signed out everywhere"


async def _choose(page: Page, person: str) -> None:
    await page.get_by_role("link", name="Sign in with Discord").click()
    await page.get_by_role("radio", name=person).check()
    await page.get_by_role("button", name="Authorize").click()


async def test_somebody_leaves_and_changes_their_mind(page: Page, tmp_path: Path) -> None:
    await page.goto("/")
    await _choose(page, "Lyra Okafor")
    await page.goto("/account")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download my data").click()
    download = await downloading.value
    await download.save_as(tmp_path / "data.json")
    assert download.suggested_filename == "own-data.json"
    document = json.loads((tmp_path / "data.json").read_text())
    name = document["auth"]["users"][0]["username"]

    await page.get_by_role("link", name="Delete my account").click()
    await page.get_by_label("Your user name, to confirm").fill("somebody else")
    await page.get_by_role("button", name="Delete my account").click()
    await expect(page.get_by_role("alert")).to_contain_text("Write your user name")
    await page.get_by_label("Your user name, to confirm").fill(name)
    await page.get_by_role("button", name="Delete my account").click()
    await expect(page.get_by_role("status")).to_contain_text(SIGNED_OUT)

    await page.locator("main").get_by_role("link", name="Sign in").click()
    await _choose(page, "Lyra Okafor")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account will be deleted")
    await page.goto("/members")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account will be deleted")
    await page.get_by_role("button", name="Keep my account").click()
    await expect(page.get_by_role("status")).to_contain_text("Welcome back")
