"""What one service may ask the other, and who may not ask at all."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI

from backend.devtools.discord.seeds import NOVA_ID
from tests.fixtures.application import ORIGIN, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.two_services import NEW_KEY, OLD_KEY, AuthService, CommunityService

ROUTES = [
    ("POST", "/internal/validate"),
    ("GET", "/internal/users"),
    ("GET", "/internal/users/count"),
    ("GET", f"/internal/users/{UUID(int=1)}"),
    ("POST", "/internal/users/announce-again"),
    ("GET", "/internal/revocations"),
]


def client(app: FastAPI, **headers: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url=ORIGIN, headers=headers
    )


@pytest.fixture
async def service(distant_auth: AuthService) -> AsyncIterator[httpx2.AsyncClient]:
    async with client(distant_auth.app, **{"Internal-Token": NEW_KEY}) as asking:
        yield asking


@pytest.mark.asvs("10.4.10")
@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    ("headers", "code", "says"),
    [
        ({}, "internal_token_required", "AUTH_SERVICE_API_KEY"),
        ({"Internal-Token": ""}, "internal_token_required", "Internal-Token"),
        ({"Internal-Token": "wrong"}, "internal_token_refused", "not one of ours"),
        ({"Internal-Token": NEW_KEY[:-1]}, "internal_token_refused", "not one of ours"),
        ({"Internal-Token": NEW_KEY.upper()}, "internal_token_refused", "not one of ours"),
        ({"Internal-Token": f"{NEW_KEY},{OLD_KEY}"}, "internal_token_refused", "not one of ours"),
        ({"Internal-Token": f"Bearer {NEW_KEY}"}, "internal_token_refused", 'prefix "Bearer "'),
        ({"Authorization": f"Bearer {NEW_KEY}"}, "internal_token_required", "Internal-Token"),
    ],
)
async def test_without_the_key_nobody_is_told_anything(
    distant_auth: AuthService,
    method: str,
    path: str,
    headers: dict[str, str],
    code: str,
    says: str,
) -> None:
    async with client(distant_auth.app, **headers) as asking:
        answer = await asking.request(method, path, json={} if method == "POST" else None)

    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert says in answer.json()["detail"]
    assert answer.headers["www-authenticate"] == "Internal-Token"
    assert NEW_KEY not in answer.text


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_an_admin_is_not_a_service(farout: Farout, method: str, path: str) -> None:
    admin = await farout.signed_in(NOVA_ID, role="admin")
    token = (await admin.post("/auth/token")).json()["access_token"]

    for headers in ({}, {"Authorization": f"Bearer {token}"}, {"Internal-Token": token}):
        answer = await admin.request(
            method, path, headers=headers, json={} if method == "POST" else None
        )
        assert answer.status_code == 401
        assert "Set AUTH_SERVICE_API_KEY" in answer.json()["detail"]


async def test_two_keys_sent_together_are_refused(distant_auth: AuthService) -> None:
    async with client(distant_auth.app) as asking:
        answer = await asking.get(
            "/internal/users/count",
            headers=[("Internal-Token", NEW_KEY), ("Internal-Token", "another")],
        )

    assert answer.status_code == 401


@pytest.mark.parametrize("key", [NEW_KEY, OLD_KEY])
async def test_both_keys_open_while_one_replaces_the_other(
    distant_auth: AuthService, key: str
) -> None:
    async with client(distant_auth.app, **{"Internal-Token": key}) as asking:
        assert (await asking.get("/internal/users/count")).status_code == 200


async def test_internal_routes_are_not_in_the_reference(distant_auth: AuthService) -> None:
    async with client(distant_auth.app) as asking:
        paths = (await asking.get("/openapi.json")).json()["paths"]

    assert "/auth/session" in paths
    assert not [path for path in paths if path.startswith(("/internal", "/api"))]


async def test_says_who_sent_a_credential(
    distant_auth: AuthService, service: httpx2.AsyncClient
) -> None:
    nova = await distant_auth.signed_in(NOVA_ID)
    token = (await nova.post("/auth/token")).json()["access_token"]
    user = (await nova.get("/auth/session")).json()["user"]

    for asked in ({"cookie": nova.token}, {"bearer": token}):
        found = (await service.post("/internal/validate", json=asked)).json()["identity"]
        assert (found["uid"], found["username"]) == (user["uid"], "nova.reyes")
        assert isinstance(found["user_id"], str)
    for asked in ({"cookie": token}, {"bearer": nova.token}, {"cookie": ""}, {"bearer": "\0"}):
        answer = await service.post("/internal/validate", json=asked)
        assert (answer.status_code, answer.json()) == (200, {"identity": None})


@pytest.mark.parametrize(
    "asked", [{}, {"cookie": "a", "bearer": "b"}, {"token": "a"}, {"cookie": 1}, []]
)
async def test_a_question_about_no_credential_is_refused(
    service: httpx2.AsyncClient, asked: object
) -> None:
    assert (await service.post("/internal/validate", json=asked)).status_code == 422


async def test_pages_through_all_users_by_id(
    service: httpx2.AsyncClient, auth_owner: Connection
) -> None:
    await auth_owner.execute(
        "INSERT INTO users (username) SELECT 'u' || i FROM generate_series(1, 25) AS i"
    )
    seen: list[str] = []
    after = "0"
    while page := (await service.get(f"/internal/users?after={after}&limit=10")).json()["items"]:
        seen += [user["username"] for user in page]
        after = page[-1]["user_id"]

    assert seen == [f"u{number}" for number in range(1, 26)]
    upto = (await service.get(f"/internal/users?upto={int(after) - 20}")).json()["items"]
    assert [user["username"] for user in upto] == [f"u{number}" for number in range(1, 6)]
    count = (await service.get("/internal/users/count")).json()
    assert count["users"] == 25
    assert int(count["latest_version"]) >= max(int(user["version"]) for user in upto)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=5001", "after=-1", "after=x", f"after={2**63}", "upto=-1"]
)
async def test_a_page_that_cannot_be_is_refused(service: httpx2.AsyncClient, query: str) -> None:
    assert (await service.get(f"/internal/users?{query}")).status_code == 422


async def test_finds_one_user(service: httpx2.AsyncClient, auth_owner: Connection) -> None:
    await auth_owner.execute("INSERT INTO users (username, discord_id) VALUES ('nova', '123')")
    uid = await auth_owner.fetchval("SELECT uid FROM account_security")

    found = (await service.get(f"/internal/users/{uid}")).json()["user"]
    nobody = (await service.get(f"/internal/users/{uuid4()}")).json()

    assert (found["uid"], found["username"], found["discord_id"]) == (str(uid), "nova", "123")
    assert nobody == {"user": None}


async def test_announces_again_above_what_a_mirror_has_seen(
    service: httpx2.AsyncClient, auth_owner: Connection
) -> None:
    await auth_owner.execute("INSERT INTO users (username) VALUES ('a'), ('b'), ('c')")
    uids = [str(row["uid"]) for row in await auth_owner.fetch("SELECT uid FROM account_security")]
    await auth_owner.execute("DELETE FROM outbox; DELETE FROM audit_log")
    above = await auth_owner.fetchval("SELECT last_value FROM user_versions") + 1_000_000

    answer = await service.post(
        "/internal/users/announce-again",
        json={"uids": [*uids[:2], str(uuid4())], "above": str(above)},
    )

    states = answer.json()["items"]
    assert {state["uid"] for state in states} == set(uids[:2])
    announced = {
        str(row["uid"]): row["version"]
        for row in await auth_owner.fetch("SELECT uid, version FROM outbox")
    }
    assert announced == {state["uid"]: int(state["version"]) for state in states}
    assert min(announced.values()) > above
    [entry] = await auth_owner.fetch("SELECT action FROM audit_log")
    assert entry["action"] == "users.announced_again"


async def test_announcing_again_never_lowers_the_versions(
    service: httpx2.AsyncClient, auth_owner: Connection
) -> None:
    before = await auth_owner.fetchval("SELECT last_value FROM user_versions")

    await service.post("/internal/users/announce-again", json={"uids": [], "above": 0})

    assert await auth_owner.fetchval("SELECT last_value FROM user_versions") == before


async def test_each_service_has_its_own_routes_and_its_own_database(
    distant_auth: AuthService, distant_community: CommunityService
) -> None:
    async with client(distant_auth.app) as auth, client(distant_community.app) as community:
        assert (await auth.get("/readyz")).json()["databases"] == {"farout_auth": "ok"}
        assert (await community.get("/readyz")).json()["databases"] == {"farout": "ok"}
        assert (await auth.get("/api/members")).status_code == 404
        assert (await community.get("/auth/session")).status_code == 404
        assert (await community.get("/internal/users/count")).status_code == 404
        assert (await community.get("/api/members")).status_code == 401
        paths = (await community.get("/openapi.json")).json()["paths"]
        assert not [path for path in paths if path.startswith("/auth")]
        assert (await community.get("/docs")).status_code == 200
        assert (await community.get("/static/farout.css")).status_code == 200
