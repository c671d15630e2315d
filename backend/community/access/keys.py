"""What an API key may do: its scopes, as far as its owner may do them at this moment."""

import hmac
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.errors import ApiKeyInvalid
from backend.community.access.queries import Access
from backend.community.key_tokens import KeyToken
from backend.community.models import ApiKey, MirroredUser, RolePermission


async def get_access_of_key(db: AsyncSession, token: KeyToken) -> Access:
    """Return what a key may do; raises ApiKeyInvalid, whatever it is that is wrong with it."""
    of_role = (
        select(func.array_agg(RolePermission.permission))
        .where(RolePermission.role == MirroredUser.role)
        .scalar_subquery()
    )
    wanted = (
        select(ApiKey, MirroredUser, of_role)
        .join(MirroredUser, MirroredUser.uid == ApiKey.owner_uid)
        .where(ApiKey.id == token.id)
    )
    found = (await db.execute(wanted)).one_or_none()
    if found is None or not _is_good(found[0], found[1], token):
        raise ApiKeyInvalid
    key, owner, from_role = found
    return Access(
        uid=owner.uid,
        role=owner.role,
        discord_id=owner.discord_id,
        permissions=frozenset(key.scopes) & (frozenset(from_role or ()) | set(owner.permissions)),
        key_id=key.id,
    )


def _is_good(key: ApiKey, owner: MirroredUser, token: KeyToken) -> bool:
    return (
        hmac.compare_digest(key.token_hash, token.token_hash)
        and key.revoked_at is None
        and key.expires_at > datetime.now(UTC)
        and owner.is_active
    )
