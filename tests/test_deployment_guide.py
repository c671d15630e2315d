"""What docs/deployment.md tells a reverse proxy, beside the routes that there are."""

import re
from pathlib import Path

from starlette.routing import Route

from backend.auth.routes import internal_routes
from backend.auth.routes import routes as auth_routes
from backend.community.routes import routes as community_routes
from tests.fixtures.front import OF_AUTH

GUIDE = (Path(__file__).parents[1] / "docs/deployment.md").read_text(encoding="utf-8")


def _paths(routes: object) -> list[str]:
    assert isinstance(routes, list)
    return [route.path for route in routes if isinstance(route, Route)]


def test_a_proxy_in_front_of_two_services_sends_each_path_to_its_side() -> None:
    found = re.search(r"location ~ (\S+)\s+\{ proxy_pass http://127.0.0.1:8001", GUIDE)
    assert found is not None
    to_auth = re.compile(found[1])
    caddy = re.search(r"@auth path (.+)", GUIDE)
    assert caddy is not None
    prefixes = tuple(one.rstrip("*") for one in caddy[1].split())

    for path in _paths(auth_routes):
        assert to_auth.match(path), path
        assert path.startswith(prefixes), path
        assert path.startswith(OF_AUTH), path
    for path in _paths(community_routes):
        assert not to_auth.match(path), path
        assert not path.startswith(prefixes), path


def test_a_proxy_keeps_the_internal_routes_inside() -> None:
    found = re.search(r"location ~ (\S+)\s+\{ return 404", GUIDE)
    assert found is not None
    hidden = re.compile(found[1])

    for path in _paths(internal_routes):
        assert hidden.match(path), path
