"""What a process does by itself: it learns of new keys, and finishes what was begun at Discord."""

import asyncio

import pytest

from backend.auth import upkeep
from backend.auth.crypto.signing_keys import new_signing_key
from backend.auth.discord_tokens.revoking import give_up_tokens
from backend.auth.side import Auth
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection


async def test_a_running_process_picks_up_a_new_key_and_revokes_what_was_given_up(
    farout: Farout, auth_owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "SECONDS", 0.02)
    await farout.signed_in()
    user_id = await auth_owner.fetchval("SELECT user_id FROM oauth_tokens")
    kid = ""
    try:
        async with upkeep.kept_up(farout.auth), asyncio.timeout(10):
            async with farout.auth.database.transaction() as db:
                await give_up_tokens(farout.auth, db, user_id)
                key = new_signing_key(farout.auth.key_ring)
                db.add(key)
            kid = key.kid
            await _both_are_done(farout, kid)
    finally:
        await auth_owner.execute("DELETE FROM signing_keys WHERE kid = $1", kid)
        await farout.auth.tokens.look_again()


async def _both_are_done(farout: Farout, kid: str) -> None:
    while not (_signs_with(farout.auth, kid) and farout.standin.count_calls("revoke")):  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.01)


def _signs_with(auth: Auth, kid: str) -> bool:
    return auth.tokens.signer.kid == kid


async def test_an_outage_of_the_database_does_not_end_the_upkeep(
    farout: Farout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "SECONDS", 0.02)
    nowhere = farout.auth.settings.model_copy(
        update={"auth_database_url": "postgresql://nobody:x@127.0.0.1:9/farout_auth"}
    )
    auth = Auth.from_settings(nowhere, password_rounds=4)
    looks = asyncio.Semaphore(0)
    look_again = auth.tokens.look_again

    async def watched() -> None:
        looks.release()
        await look_again()

    monkeypatch.setattr(auth.tokens, "look_again", watched)
    monkeypatch.setattr(auth.tokens, "_database", auth.database)
    try:
        async with upkeep.kept_up(auth), asyncio.timeout(10):
            for _ in range(3):
                await looks.acquire()
    finally:
        await auth.close()
