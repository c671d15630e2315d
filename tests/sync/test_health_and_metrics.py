"""What machines that look after Farout are told, and who may ask."""

import re
from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.app import create_app
from backend.auth.side import Auth
from backend.bridge.settings import BridgeSettings
from backend.community.side import Community
from backend.database import Database
from backend.sync.endpoints import install
from backend.sync.incidents import NAMES
from tests.fixtures.application import auth_settings, community_settings
from tests.fixtures.databases import Server
from tests.sync.conftest import Sides

OLD, NEW = "o" * 16 + "a1b2c3d4e5f6g7h8", "n" * 16 + "a1b2c3d4e5f6g7h8"
TOKEN = {"Internal-Token": NEW}


@pytest.fixture
async def client(sides: Sides, migrated: Server) -> AsyncIterator[httpx2.AsyncClient]:
    auth = Auth.from_settings(auth_settings(migrated), password_rounds=4)
    community = Community.from_settings(community_settings(migrated))
    bridge = BridgeSettings(_env_file=None, auth_service_api_key=f"{NEW},{OLD}")
    app = create_app(auth, community, heads={"auth": "x", "community": "x"}, bridge=bridge)
    install(app)
    # Each request of a test sees what the test has just done.
    app.state.watched.figures._seconds = 0
    app.state.watched.identities._cache = SimpleNamespace(hits=5, misses=3, fallbacks=1)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://farout.test"
    ) as client:
        client.app = app  # type: ignore[attr-defined]
        yield client
    await auth.close()
    await community.close()


async def _numbers(client: httpx2.AsyncClient) -> dict[str, float]:
    response = await client.get("/metrics")
    assert response.status_code == 200
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_health_is_ok_while_the_mirror_is_as_auth_says(
    sides: Sides, client: httpx2.AsyncClient
) -> None:
    await sides.add_users(4)
    await sides.deliver()
    await sides.reconcile()

    response = await client.get("/internal/sync/health", headers=TOKEN)

    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ok"
    assert body["users"] == {"auth": 4, "mirror": 4}
    assert body["outbox"] == {"pending": 0, "oldest_seconds": 0.0, "failing": 0, "dead": 0}
    assert body["last_check"]["users"] == 4
    assert body["incidents"] == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO incidents (name, details) VALUES ('delivery_failing', 'x')",
        "INSERT INTO rejected_events (event_id, type, body, error) VALUES (uuidv7(), '', '{}', '')",
        "INSERT INTO sync_checks (users, missing, differing, surplus, repaired, milliseconds)"
        " VALUES (1, 1, 0, 0, 1, 1)",
    ],
)
async def test_health_is_degraded_when_somebody_has_to_look(
    sides: Sides, client: httpx2.AsyncClient, statement: str
) -> None:
    await sides.community_owner.execute(statement)

    response = await client.get("/internal/sync/health", headers=TOKEN)

    assert (response.status_code, response.json()["status"]) == (503, "degraded")


async def test_health_names_the_database_that_is_away(client: httpx2.AsyncClient) -> None:
    nowhere = Database("postgresql://farout_auth_service:x@127.0.0.1:1/farout_auth")
    client.app.state.watched.figures._sides = (nowhere, None)  # type: ignore[attr-defined]

    response = await client.get("/internal/sync/health", headers=TOKEN)
    await nowhere.close()

    assert response.status_code == 503
    assert response.json()["unreachable"] == ["farout_auth"]


@pytest.mark.parametrize("key", [NEW, OLD, "", "x" * 32, f"Bearer {NEW}", NEW[:-1]])
async def test_health_wants_one_of_the_two_keys(client: httpx2.AsyncClient, key: str) -> None:
    response = await client.get("/internal/sync/health", headers={"Internal-Token": key})

    assert (response.status_code == 401) == (key not in (NEW, OLD))


async def test_metrics_say_how_the_mirror_stands(sides: Sides, client: httpx2.AsyncClient) -> None:
    await sides.add_users(5)
    await sides.deliver()
    await sides.community_owner.execute("DELETE FROM userbase WHERE username = 'user-1'")
    await sides.reconcile()
    await sides.auth_owner.execute("UPDATE users SET role = 'admin' WHERE username = 'user-2'")
    await sides.community_owner.execute(
        "INSERT INTO incidents (name, details) VALUES ('delivery_failing', 'x');"
        "INSERT INTO audit_log (action) VALUES ('password_write.refused')"
    )

    numbers = await _numbers(client)

    assert numbers["farout_users{auth}"] == numbers["farout_users{mirror}"] == 5
    assert numbers["farout_mirror_drift{missing}"] == 1
    assert numbers["farout_mirror_drift{differing}"] == 0
    assert numbers["farout_outbox_pending"] == 1
    assert numbers["farout_outbox_oldest_seconds"] > 0
    assert numbers["farout_password_write_attempts_total"] == 1
    assert numbers["farout_deliveries_total{delivered}"] >= 5
    assert numbers["farout_identity_answers_total{cache}"] >= 5
    on = {name for name in NAMES if numbers[f"farout_incident{{{name}}}"]}
    assert on == {"delivery_failing"}


async def test_what_is_counted_twice_is_added_once(client: httpx2.AsyncClient) -> None:
    first = (await _numbers(client))["farout_identity_answers_total{memory}"]
    second = (await _numbers(client))["farout_identity_answers_total{memory}"]

    assert second == first


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
async def test_metrics_are_not_for_the_public(client: httpx2.AsyncClient, header: str) -> None:
    through_the_proxy = {header: "for=203.0.113.9"}

    refused = await client.get("/metrics", headers=through_the_proxy)
    allowed = await client.get("/metrics", headers=through_the_proxy | TOKEN)

    assert (refused.status_code, refused.json()["code"]) == (403, "metrics_not_public")
    assert not re.search("farout_", refused.text)
    assert allowed.status_code == 200
