"""Writing posts, in a real browser without JavaScript."""

from playwright.async_api import expect

from tests.browser.conftest import Cast


async def test_an_officer_previews_keeps_publishes_and_withdraws_a_post(cast: Cast) -> None:
    officer, member = await cast.page("officer"), await cast.page("member")
    await officer.goto("/posts")
    await officer.get_by_role("link", name="Write a post").click()
    await officer.get_by_label("Title").fill("What to bring")
    await officer.get_by_label("Text").fill("Bring **all** of it.\n\n<script>alert(1)</script>")
    await officer.get_by_role("button", name="Preview").click()
    await expect(officer.get_by_role("status")).to_contain_text("Nothing is saved yet")
    await expect(officer.locator(".prose strong")).to_have_text("all")
    await expect(officer.locator(".prose")).to_contain_text("<script>alert(1)</script>")
    await expect(officer.get_by_label("Title")).to_have_value("What to bring")
    await officer.get_by_role("button", name="Save").click()
    await expect(officer.get_by_role("status")).to_contain_text("saved")

    await member.goto("/posts")
    await expect(member.locator("main")).not_to_contain_text("What to bring")
    await expect(member.get_by_role("link", name="Write a post")).to_have_count(0)
    await officer.get_by_role("button", name="Publish now").click()
    await member.reload()
    await member.get_by_role("link", name="What to bring").click()
    await expect(member.locator(".prose strong")).to_have_text("all")
    await expect(member.get_by_role("button", name="Withdraw")).to_have_count(0)
    await officer.get_by_role("button", name="Withdraw").click()
    await member.reload()
    await expect(member.get_by_role("alert")).to_contain_text("no such post")
    await officer.goto("/posts/~all")
    row = officer.get_by_role("row").filter(has_text="What to bring")
    await expect(row).to_contain_text("withdrawn")


async def test_a_post_for_later_needs_a_time_and_a_rank_keeps_others_out(cast: Cast) -> None:
    officer, member = await cast.page("officer"), await cast.page("member")
    await officer.goto("/posts/~new")
    await officer.get_by_label("Title").fill("For those who have been here long")
    await officer.get_by_label("Text").fill("Secret")
    await officer.get_by_label("Who may read it").select_option(label="Captain and above")
    await officer.get_by_label("When").select_option("later")
    await officer.get_by_role("button", name="Save").click()
    await expect(officer.get_by_role("alert")).to_contain_text("Say when")
    await expect(officer.get_by_label("Text")).to_have_value("Secret")
    await expect(officer.get_by_label("When")).to_have_value("later")

    await officer.get_by_label("Later at").fill("2020-02-03T04:05")
    await officer.get_by_role("button", name="Save").click()
    await expect(officer.locator("article")).to_contain_text("3 February 2020, 04:05 UTC")
    await expect(officer.locator("article")).to_contain_text("Captain and above")
    await member.goto(officer.url)
    await expect(member.get_by_role("alert")).to_contain_text("no such post")


async def test_a_member_is_refused_where_posts_are_written(cast: Cast) -> None:
    member = await cast.page("member")

    answer = await member.goto("/posts/~new")

    assert answer is not None
    assert answer.status == 403
    await expect(member.get_by_role("alert")).to_contain_text("posts.write")
