"""The community side, put together."""

from dataclasses import dataclass, field

from sqlalchemy import bindparam, select

from backend.community.models import SigningSecret
from backend.community.settings import CommunitySettings
from backend.database import Database, Statement
from backend.web.cursors import SignedCursors

_SECRET = Statement(select(SigningSecret.value).where(SigningSecret.name == bindparam("name")))


@dataclass
class Community:
    """What every action of this side may need; one a process."""

    settings: CommunitySettings
    database: Database
    _cursors: SignedCursors | None = field(default=None, init=False)

    @classmethod
    def from_settings(cls, settings: CommunitySettings) -> "Community":
        return cls(settings, Database(settings.database_url))

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
