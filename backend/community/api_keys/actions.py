"""API keys: made by people, for programs, and good for less than their owners."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.api_keys.errors import ApiKeyRevoked, ScopeNotYours
from backend.community.api_keys.queries import get_key
from backend.community.api_keys.schemas import NewApiKey
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.key_tokens import hash_of, new_secret, write_token
from backend.community.models import ApiKey


async def make_key(
    db: AsyncSession, new: NewApiKey, *, by: Access, origin: Origin
) -> tuple[ApiKey, str]:
    """Return a new key and its token, which is nowhere kept; raises ScopeNotYours."""
    scopes = [scope.value for scope in new.scopes]
    if beyond := sorted(set(scopes) - by.permissions):
        raise ScopeNotYours(beyond)
    secret = new_secret()
    key = ApiKey(
        name=new.name,
        owner_uid=by.uid,
        token_hash=hash_of(secret),
        scopes=scopes,
        expires_at=datetime.now(UTC) + timedelta(days=new.expires_in_days),
    )
    db.add(key)
    await db.flush()
    await db.refresh(key)
    record(
        db, "api_key.made", actor=by.uid, target=by.uid, origin=origin, key=str(key.id),
        name=key.name, scopes=scopes, expires_at=key.expires_at.isoformat(),
    )  # fmt: skip
    return key, write_token(key.id, secret)


async def revoke_key(db: AsyncSession, key_id: UUID, *, by: Access, origin: Origin) -> None:
    """Make a key useless from the next request on; raises ApiKeyNotFound, ApiKeyRevoked."""
    key = await get_key(db, key_id, lock=True)
    if key.revoked_at is not None:
        raise ApiKeyRevoked
    key.revoked_at, key.revoked_by = datetime.now(UTC), by.uid
    record(
        db, "api_key.revoked", actor=by.uid, target=key.owner_uid, origin=origin, key=str(key.id)
    )
