"""Cut off at any message to either database, an erasure is to be done, or is done and on its way.

To PostgreSQL a process that was killed is a connection that ended; so the wire is cut, for good.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import httpx2
import pytest

from backend.auth.audit_log.actions import seal
from backend.auth.audit_log.verification import verify
from backend.auth.deletion.erasing import erase, erase_due
from backend.auth.side import Auth
from backend.community.mirror.actions import apply_events
from backend.database import Database
from backend.devtools.discord.seeds import COSMO_ID
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection, Server
from tests.fixtures.mirror import Deliver, in_step
from tests.fixtures.servers import WatchedWire
from tests.security.dumps import occurrences

TABLES = ("users", "account_security", "account_deletions", "sessions", "oauth_tokens")


@dataclass
class Scene:
    """A Farout, and how to reach its databases over a wire that can be cut."""

    farout: Farout
    wire: WatchedWire
    through: Server
    auth_owner: Connection
    community_owner: Connection
    deliver: Deliver

    async def somebody_is_due(self) -> int:
        """Let Cosmo live here, ask, and wait for two weeks; returns the id of the user."""
        async with self.farout.browser() as browser:
            await browser.sign_in(COSMO_ID)
            await self.deliver()
            bio = {"bio": "Only Cosmo writes this."}
            await browser.patch("/api/members/me", json=bio, headers={"If-Match": "*"})
            name = (await browser.get("/auth/session")).json()["user"]["username"]
            asked = await browser.post("/auth/deletion", json={"username": name})
            assert asked.status_code == 202
        await self.auth_owner.execute("UPDATE account_deletions SET due_at = now()")
        found: int = await self.auth_owner.fetchval("SELECT user_id FROM account_deletions")
        return found

    async def erase(
        self, user_id: int, *, cut_at: int, arrives: bool, only_the_community: bool = False
    ) -> int:
        """Erase, and lose the connections at a message for good; returns how many were sent."""

        async def cut(number: int, _data: bytes) -> None:
            if number > cut_at or (number == cut_at and not arrives):
                raise ConnectionResetError("cut")

        settings = self.farout.auth.settings
        if not only_the_community:
            url = self.through.url("farout_auth_service", "farout_auth")
            settings = settings.model_copy(update={"auth_database_url": url})
        auth = Auth.from_settings(
            settings,
            discord_transport=httpx2.ASGITransport(app=self.farout.standin.app),
        )
        mirror = Database(self.through.url("farout_sync", "farout"))
        auth.announce = partial(apply_events, mirror)  # type: ignore[assignment]
        self.wire.count, self.wire.on_message = 0, cut
        try:
            await erase(auth, user_id)
        except Exception:  # noqa: S110 - whatever a process sees when its database is gone
            pass
        finally:
            self.wire.on_message = None
            await mirror.close()
            await auth.close()
        return self.wire.count

    async def is_whole(self) -> bool:
        """Whether the auth side has all of Cosmo, or none of it; anything else fails."""
        counts = {
            table: await self.auth_owner.fetchval(f"SELECT count(*) FROM {table}")
            for table in TABLES
        }
        assert set(counts.values()) in ({0}, {1}), counts
        return bool(counts["users"])


@pytest.fixture
async def scene(
    farout: Farout, migrated: Server, auth_owner: Connection, community_owner: Connection,
    deliver: Deliver,
) -> AsyncIterator[Scene]:  # fmt: skip
    wire = WatchedWire(migrated.host, migrated.port)
    await wire.open()
    through = Server(migrated.host, wire.port, migrated.owner, migrated.owner_password)
    yield Scene(farout, wire, through, auth_owner, community_owner, deliver)
    await wire.close()


async def _heals(scene: Scene) -> None:
    """What is left to do is done by whoever comes next; afterwards nothing of Cosmo is there."""
    # A backend that still waits for the next message of the lost connection gives up its locks.
    await scene.auth_owner.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE '%'"
        " AND usename = 'farout_auth_service' AND state LIKE 'idle in transaction%'"
    )
    was_whole = await scene.is_whole()
    assert await erase_due(scene.farout.auth) == was_whole
    while await scene.deliver():
        pass
    for word in (COSMO_ID, "Only Cosmo writes this."):
        assert await occurrences(scene.community_owner, word) == []
    assert await in_step(scene.auth_owner, scene.community_owner)
    erased = "SELECT count(*) FROM audit_log WHERE action = 'account.erased'"
    assert await scene.auth_owner.fetchval(erased) == 1
    await seal(scene.farout.auth)
    assert (await verify(scene.farout.auth)).problems == []


async def test_cut_off_between_the_two_databases_the_news_arrives_all_the_same(
    scene: Scene,
) -> None:
    user_id = await scene.somebody_is_due()

    await scene.erase(user_id, cut_at=1, arrives=False, only_the_community=True)

    assert not await scene.is_whole()
    assert await occurrences(scene.community_owner, "Only Cosmo writes this.") != []
    await _heals(scene)


async def test_cut_off_half_way_on_the_auth_side_all_of_it_is_still_to_be_done(
    scene: Scene,
) -> None:
    user_id = await scene.somebody_is_due()

    await scene.erase(user_id, cut_at=12, arrives=True)

    assert await scene.is_whole()
    await _heals(scene)


@pytest.mark.slow
@pytest.mark.parametrize("arrives", [False, True])
async def test_cut_off_at_any_message_nothing_is_half_done(scene: Scene, arrives: bool) -> None:
    messages = await scene.erase(await scene.somebody_is_due(), cut_at=10_000, arrives=True)
    assert messages > 10
    for at in range(1, messages + 1):
        await _empty(scene)
        await scene.erase(await scene.somebody_is_due(), cut_at=at, arrives=arrives)
        await _heals(scene)


async def _empty(scene: Scene) -> None:
    await scene.auth_owner.execute(
        "TRUNCATE users, audit_log, audit_links, audit_seals CASCADE; TRUNCATE outbox;"
        " DELETE FROM oauth_revocations"
    )
    await scene.community_owner.execute(
        "DELETE FROM departures; DELETE FROM members; DELETE FROM userbase; DELETE FROM audit_log"
    )
