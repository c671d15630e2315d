"""Both databases, and what stands between them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from backend.auth.outbox.actions import deliver_due
from backend.auth.users.directory import Directory
from backend.bridge.events import UserState
from backend.bridge.transports.direct import DirectTransport
from backend.community.mirror.actions import apply_events
from backend.community.mirror.reconcile import Outcome, reconcile
from backend.database import Database
from tests.fixtures.databases import Connection, Server

_BOTH = "user_id, uid, version, username, discord_id, email, role, is_active"


class WatchedDirectory(Directory):
    """The real directory; a test may do something when a page has been read and not yet judged."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.pages = 0

    async def page(self, *, after: int, upto: int | None, limit: int) -> Sequence[UserState]:
        found = await super().page(after=after, upto=upto, limit=limit)
        self.pages += 1
        await self.on_page(self.pages)
        return found

    async def on_page(self, number: int) -> None:
        """Do nothing, unless a test puts something here."""


@dataclass
class Sides:
    """Auth and its mirror, with the owner's view of both."""

    auth: Database
    mirror: Database
    directory: WatchedDirectory
    auth_owner: Connection
    community_owner: Connection

    async def add_users(self, count: int) -> None:
        await self.auth_owner.execute(
            "INSERT INTO users (username, discord_id, email)"
            " SELECT 'user-' || n, (900000000000 + n)::text, 'user-' || n || '@example.org'"
            " FROM generate_series(1, $1::int) AS n",
            count,
        )

    async def deliver(self) -> None:
        """Deliver every event, as the worker does."""
        transport = DirectTransport(partial(apply_events, self.mirror))
        while await deliver_due(self.auth, transport):
            pass

    async def lose_events(self) -> None:
        await self.auth_owner.execute("DELETE FROM outbox")

    async def reconcile(
        self, *, dry_run: bool = False, page: int = 7, settle_seconds: float = 0.05
    ) -> Outcome:
        return await reconcile(
            self.mirror,
            self.directory,
            dry_run=dry_run,
            page=page,
            settle_seconds=settle_seconds,
        )

    async def mirrored(self) -> list[tuple[object, ...]]:
        rows = await self.community_owner.fetch(
            f"SELECT {_BOTH} FROM userbase WHERE deleted_at IS NULL ORDER BY user_id"
        )
        return [tuple(row) for row in rows]

    async def masters(self) -> list[tuple[object, ...]]:
        rows = await self.auth_owner.fetch(
            f"SELECT {_BOTH} FROM users JOIN account_security ON user_id = id ORDER BY user_id"
        )
        return [tuple(row) for row in rows]


@pytest.fixture
async def sides(
    migrated: Server,
    empty_databases: None,
    auth_owner: Connection,
    community_owner: Connection,
) -> AsyncIterator[Sides]:
    auth = Database(migrated.url("farout_auth_service", "farout_auth"))
    mirror = Database(migrated.url("farout_sync", "farout"))
    yield Sides(auth, mirror, WatchedDirectory(auth), auth_owner, community_owner)
    await auth.close()
    await mirror.close()
