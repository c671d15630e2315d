"""The auth side, put together."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2

from backend.auth.crypto.password_hasher import PasswordHasher
from backend.auth.crypto.signing_keys import AccessTokens
from backend.auth.settings import AuthSettings
from backend.bridge.events import Announce, announce_to_nobody
from backend.bridge.revocations import Broadcast
from backend.database import Database
from backend.discord.sign_in_client import DiscordApplication, DiscordSignInClient
from backend.discord.token_client import DiscordTokenClient
from backend.key_ring import KeyRing


async def settle_at_once() -> bool:
    """For an auth side that remembers nobody, so it has nothing to forget."""
    return True


@dataclass
class Auth:
    """What every action of this side may need; one a process."""

    settings: AuthSettings
    database: Database
    discord: DiscordSignInClient
    discord_tokens: DiscordTokenClient
    key_ring: KeyRing
    passwords: PasswordHasher
    tokens: AccessTokens
    announce: Announce = announce_to_nobody
    # Waits until this process has heard of everything that was committed before.
    settle: Callable[[], Awaitable[bool]] = settle_at_once
    revocations: Broadcast = field(default_factory=Broadcast)

    @classmethod
    def from_settings(
        cls,
        settings: AuthSettings,
        *,
        discord_transport: httpx2.AsyncBaseTransport | None = None,
        password_rounds: int = 12,
    ) -> "Auth":
        key_ring = KeyRing.parse(settings.encryption_keys.get_secret_value())
        return cls(
            settings=settings,
            database=Database(settings.auth_database_url),
            discord=DiscordSignInClient(application(settings), discord_transport),
            discord_tokens=DiscordTokenClient(application(settings), discord_transport),
            key_ring=key_ring,
            passwords=PasswordHasher(rounds=password_rounds),
            tokens=AccessTokens(
                issuer=settings.public_url,
                key_ring=key_ring,
                shared_secret=settings.shared_jwt_secret,
            ),
        )

    async def open(self) -> None:
        await self.tokens.load(self.database)

    async def close(self) -> None:
        await self.discord_tokens.close()
        await self.discord.close()
        await self.database.close()
        self.passwords.close()


def application(settings: AuthSettings) -> DiscordApplication:
    """Who we are to Discord, out of the settings."""
    return DiscordApplication(
        client_id=settings.discord_client_id,
        client_secret=settings.discord_client_secret.get_secret_value(),
        redirect_uri=settings.redirect_uri,
        authorize_url=settings.discord_authorize_url,
        api_base_url=settings.discord_api_base_url,
        public_url=settings.public_url,
    )
