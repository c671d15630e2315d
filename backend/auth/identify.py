"""The answer to the bridge's question: who sent these credentials?"""

import logging
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, update

from backend.auth.crypto.access_tokens import TokenRefused
from backend.auth.crypto.secrets import looks_like_a_token, token_hash
from backend.auth.models import Session
from backend.auth.sessions import queries
from backend.auth.side import Auth
from backend.bridge.identity import Credentials, Identity
from backend.database import Statement

log = logging.getLogger(__name__)

_SEEN = Statement(
    update(Session)
    .where(Session.id == bindparam("session_id", type_=Uuid))
    .values(last_seen_at=func.now())
)


class Identify:
    """Asks the database every time, so a revoked session is refused at once."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    async def __call__(self, credentials: Credentials) -> Identity | None:
        if credentials.bearer is not None:
            found = await self._by_access_token(credentials.bearer)
        elif credentials.cookie is not None and looks_like_a_token(credentials.cookie):
            found = await queries.find_identity_by_token(
                self._auth.database, token_hash(credentials.cookie)
            )
        else:
            found = None
        if found is None:
            return None
        identity, is_stale = found
        if is_stale:
            await self._auth.database.row(_SEEN, session_id=identity.session_id)
        return identity

    async def _by_access_token(self, token: str) -> tuple[Identity, bool] | None:
        try:
            claims = await self._auth.tokens.verify(token)
            session_id, uid = UUID(claims["sid"]), UUID(claims["sub"])
            chain = UUID(claims["chain"]) if "chain" in claims else None
        except TokenRefused as refusal:
            log.info("token refused", extra={"action": "token.refused", "reason": str(refusal)})
            return None
        except (KeyError, TypeError, ValueError, AttributeError):
            log.info("token without session", extra={"action": "token.refused", "reason": "sid"})
            return None
        return await queries.find_identity_by_session(
            self._auth.database, session_id, uid, chain=chain
        )
