"""API keys on their page: the secret is shown once, and a revoked key is useless."""

import re

from tests.fixtures.application import Browser
from tests.fixtures.community import People


async def test_a_keys_secret_is_shown_once_and_ends_with_the_key(people: People) -> None:
    admin = await people.sign_in(role="admin")
    wanted = {"name": "Bot <1>", "scopes": ["members.read", "ranks.manage"], "expires_in_days": "7"}

    made = await admin.post("/api-keys", data=wanted)

    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    [token] = re.findall(r'<code class="secret">([^<]+)</code>', made.text)
    program = Browser(people.farout.app, people.farout.standin)
    program.headers["Authorization"] = f"Bearer {token}"
    assert (await program.get("/api/members")).status_code == 200
    listed = (await admin.get("/api-keys")).text
    assert token not in listed
    assert "Bot &lt;1&gt;" in listed

    [path] = re.findall(r'action="(/api-keys/[^"]+/revoke)"', listed)
    assert (await admin.post(path)).status_code == 303
    assert (await program.get("/api/members")).status_code == 401
    assert (await admin.post(path)).status_code == 409


async def test_a_key_without_scopes_is_not_made(people: People) -> None:
    admin = await people.sign_in(role="admin")

    answer = await admin.post("/api-keys", data={"name": "Bot", "expires_in_days": "7"})

    assert answer.status_code == 422
    assert "The scopes must not be empty." in answer.text
    assert (await admin.get("/api/keys")).json()["items"] == []


async def test_how_often_a_key_was_used_stands_on_its_page(people: People) -> None:
    admin = await people.sign_in(role="admin")
    new = {"name": "Bot", "scopes": ["members.read"]}
    key = (await admin.post("/api/keys", json=new)).json()
    assert "It was not used yet" in (await admin.get(f"/api-keys/{key['id']}")).text
    program = Browser(people.farout.app, people.farout.standin)
    program.headers["Authorization"] = f"Bearer {key['token']}"

    for _ in range(3):
        await program.get("/api/members")

    assert '<td class="number">3</td>' in (await admin.get(f"/api-keys/{key['id']}")).text
