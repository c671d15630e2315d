"""How a process with the auth side finds out who is asking: from memory, else from its database."""

from backend.auth.identify import Identify
from backend.auth.side import Auth
from backend.bridge.identity_cache import IdentityCache
from backend.listener import Listener

REVOCATIONS = "farout_revocations"


class OwnDoor:
    """The cache, the notices that clear it, and their way on to other services."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth
        self.cache = IdentityCache(Identify(auth))
        self._listener = Listener(
            auth.settings.auth_database_url,
            REVOCATIONS,
            self._take,
            on_confirmed=self._confirm,
        )
        self.cache.follow(self._listener)
        auth.settle = self._listener.settle

    def open(self) -> None:
        self._listener.start()

    async def close(self) -> None:
        await self._listener.close()

    def _take(self, notice: str) -> None:
        self.cache.take_notice(notice)
        self._auth.revocations.publish(notice)

    def _confirm(self) -> None:
        self._auth.revocations.confirm(self._listener.confirmed_at, self._listener.epoch)
