"""The community side, put together."""

from dataclasses import dataclass

from backend.community.settings import CommunitySettings
from backend.database import Database


@dataclass
class Community:
    """What every action of this side may need; one a process."""

    settings: CommunitySettings
    database: Database

    @classmethod
    def from_settings(cls, settings: CommunitySettings) -> "Community":
        return cls(settings, Database(settings.database_url))

    async def close(self) -> None:
        await self.database.close()
