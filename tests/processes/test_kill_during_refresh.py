"""kill -9 at every message of a refresh: the client asks again with the token it has, and goes on."""

from itertools import count

import httpx2
import pytest

from backend.devtools.discord.seeds import NOVA_ID
from tests.fixtures.databases import Connection
from tests.processes.test_kill_during_first_login import Scene, end, killing, scene

__all__ = ["scene"]


async def _refresh(scene: Scene, token: str) -> dict[str, str] | None:
    """Return the new tokens, or None if the process died over it."""
    scene.wire.count = 0
    async with httpx2.AsyncClient(base_url=scene.origin, trust_env=False) as client:
        try:
            answer = await client.post("/auth/token/refresh", json={"refresh_token": token})
        except httpx2.TransportError:
            return None
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


async def _sign_in(scene: Scene) -> str:
    async with httpx2.AsyncClient(base_url=scene.origin, trust_env=False) as browser:
        begun = await browser.get("/auth/discord/login")
        await browser.get(scene.standin.approve(begun.headers["location"], NOVA_ID))
        issued = await browser.post("/auth/token", headers={"Origin": scene.origin})
        token: str = issued.json()["refresh_token"]
        return token


@pytest.mark.slow
@pytest.mark.parametrize("arrives", [False, True])
async def test_killed_at_any_message_of_a_refresh_the_client_goes_on(
    scene: Scene,
    auth_owner: Connection,
    arrives: bool,
) -> None:
    process = await scene.start()
    token = await _sign_in(scene)
    for at in count(1):
        scene.wire.on_message = killing(process, at, arrives=arrives)
        lost = await _refresh(scene, token)
        scene.wire.on_message = None
        if lost is not None:
            break
        process = await scene.start()
        again = await _refresh(scene, token)
        assert again is not None
        token = again["refresh_token"]
    await end(process)
    assert at > 3
    counters = await auth_owner.fetch("SELECT counter FROM refresh_tokens ORDER BY counter")
    assert [row["counter"] for row in counters] == list(range(at + 1))
