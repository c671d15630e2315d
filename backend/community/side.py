"""The community side, put together."""

from dataclasses import dataclass, field

from sqlalchemy import bindparam, select

from backend.bridge.users import UserDirectory
from backend.community.models import SigningSecret
from backend.community.password_writes.actions import watch_password_writes
from backend.community.settings import CommunitySettings
from backend.database import Database, Statement
from backend.web.cursors import SignedCursors

_SECRET = Statement(select(SigningSecret.value).where(SigningSecret.name == bindparam("name")))

# The mirror is written by events and by people who are not in it yet: both are few.
_SYNC_CONNECTIONS = 4


@dataclass
class Community:
    """What every action of this side may need; one a process."""

    settings: CommunitySettings
    database: Database
    # The same database as the role that alone may write the mirror.
    sync_database: Database
    # What webhooks from the auth service are signed with; empty where none come.
    webhook_keys: tuple[bytes, ...] = ()
    # The users as auth knows them; whoever puts the application together says how to reach it.
    users: UserDirectory = field(init=False)
    _cursors: SignedCursors | None = field(default=None, init=False)

    @classmethod
    def from_settings(
        cls, settings: CommunitySettings, *, webhook_keys: tuple[bytes, ...] = ()
    ) -> "Community":
        database = Database(settings.database_url)
        sync_database = Database(settings.sync_database_url, pool_size=_SYNC_CONNECTIONS)
        watch_password_writes(database, role="farout_app")
        watch_password_writes(sync_database, role="farout_sync")
        return cls(settings, database, sync_database, webhook_keys)

    async def cursors(self) -> SignedCursors:
        """Return what signs this side's cursors; the key is read once a process."""
        if self._cursors is None:
            found = await self.database.row(_SECRET, name="cursors")
            if found is None:
                raise LookupError("the migrations have left no key for cursors")
            self._cursors = SignedCursors(found["value"])
        return self._cursors

    async def close(self) -> None:
        await self.database.close()
        await self.sync_database.close()
