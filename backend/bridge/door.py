"""How a process without the auth side finds out who is asking: from memory, else over HTTP."""

from typing import Protocol

from backend.bridge.auth_client import AuthClient
from backend.bridge.identity_cache import IdentityCache
from backend.bridge.revocation_reader import RevocationReader


class Door(Protocol):
    """What answers for the callers, opened and closed with the process."""

    cache: IdentityCache

    def open(self) -> None: ...

    async def close(self) -> None: ...


class DistantDoor:
    """The cache in front of the auth service, and the stream that clears it."""

    def __init__(self, auth: AuthClient) -> None:
        self._auth = auth
        self.cache = IdentityCache(auth.identify)
        self._reader = RevocationReader(auth, self.cache.take_notice)
        self.cache.follow(self._reader)

    def open(self) -> None:
        self._reader.start()

    async def close(self) -> None:
        await self._reader.close()
        await self._auth.close()
