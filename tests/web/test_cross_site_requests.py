"""A browser's write counts only if it comes from our own pages."""

import pytest

from tests.fixtures.application import ORIGIN, Browser, Farout
from tests.fixtures.databases import Connection

OURS, FOREIGN = ORIGIN, "https://evil.test"


@pytest.mark.parametrize(
    ("site", "origin", "allowed"),
    [
        ("same-origin", OURS, True),
        ("same-origin", None, True),
        (None, OURS, True),
        ("same-origin", FOREIGN, False),
        ("cross-site", FOREIGN, False),
        ("cross-site", None, False),
        ("cross-site", OURS, False),
        ("same-site", "https://sub.farout.test", False),
        ("none", None, False),
        (None, FOREIGN, False),
        (None, "null", False),
        (None, None, False),
        (None, f"{OURS}.evil.test", False),
        (None, f"{OURS}:8443", False),
        (None, "http://farout.test", False),
    ],
)
async def test_only_our_own_pages_may_write_with_the_cookie(
    farout: Farout, auth_owner: Connection, site: str | None, origin: str | None, allowed: bool
) -> None:
    browser = await farout.signed_in()
    del browser.headers["Sec-Fetch-Site"]
    headers = {
        name: value
        for name, value in (("Sec-Fetch-Site", site), ("Origin", origin))
        if value is not None
    }

    patched = await browser.patch(
        "/api/members/me", json={"bio": "changed"}, headers={"If-Match": "*"} | headers
    )
    form = {"display_name": "changed", "version": patched.headers.get("etag", "").strip('"')}
    answers = [
        patched,
        await browser.post("/profile/edit", data=form, headers=headers),
        await browser.post("/sign-out", headers=headers),
    ]

    expected = [200, 303, 303] if allowed else [403, 403, 403]
    assert [answer.status_code for answer in answers] == expected
    if not allowed:
        assert {answer.json()["code"] for answer in answers} == {"cross_site_request"}
        live = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL"
        assert await auth_owner.fetchval(live) == 1


async def test_a_foreign_page_cannot_sign_somebody_in(browser: Browser) -> None:
    answer = await browser.post(
        "/sign-in",
        data={"identifier": "x", "password": "y"},
        headers={"Sec-Fetch-Site": "cross-site", "Origin": FOREIGN},
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")


async def test_a_program_with_a_token_needs_no_origin(farout: Farout) -> None:
    browser = await farout.signed_in()
    token = (await browser.post("/auth/token")).json()["access_token"]
    program = farout.browser()
    del program.headers["Sec-Fetch-Site"]

    answer = await program.patch(
        "/api/members/me",
        json={"bio": "by program"},
        headers={"Authorization": f"Bearer {token}", "Origin": FOREIGN, "If-Match": "*"},
    )

    assert answer.status_code == 200


async def test_a_program_without_any_cookie_may_sign_in(farout: Farout) -> None:
    program = farout.browser()
    del program.headers["Sec-Fetch-Site"]

    answer = await program.post("/auth/login", json={"identifier": "x", "password": "y"})

    assert answer.json()["code"] == "invalid_credentials"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_a_json_route_takes_no_form(farout: Farout, content_type: str) -> None:
    browser = await farout.signed_in()

    answer = await browser.patch(
        "/api/members/me",
        content=b'{"bio":"csrf"}',
        headers={"Content-Type": content_type, "If-Match": "*"},
    )

    assert answer.status_code == 422
    assert (await browser.get("/api/members/me")).json()["bio"] is None


async def test_other_origins_may_read_nothing(farout: Farout) -> None:
    browser = await farout.signed_in()

    answer = await browser.get("/auth/session", headers={"Origin": FOREIGN})

    assert "access-control-allow-origin" not in answer.headers
