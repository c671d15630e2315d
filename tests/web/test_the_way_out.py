"""Whoever is signed in finds the way out, wherever they are."""

import pytest
from starlette.routing import Route

from tests.fixtures.application import Farout
from tests.fixtures.community import People

HTML = {"Accept": "text/html"}
_NO_PAGES = ("/auth", "/api", "/internal", "/.well-known", "/healthz", "/readyz", "/metrics")


@pytest.mark.asvs("7.4.4")
async def test_every_page_has_a_button_to_sign_out(farout: Farout, people: People) -> None:
    admin = await people.sign_in(role="admin")
    paths = [
        route.path
        for route in farout.app.routes
        if isinstance(route, Route)
        and "GET" in (route.methods or ())
        and "{" not in route.path
        and not route.path.startswith(_NO_PAGES)
    ]

    answers = {path: await admin.get(path, headers=HTML) for path in paths}
    pages = {
        path: answer.text
        for path, answer in answers.items()
        if answer.headers.get("content-type", "").startswith("text/html")
    }

    assert len(pages) > 10
    assert [path for path, page in pages.items() if 'action="/sign-out"' not in page] == []
