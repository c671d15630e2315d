"""Putting together what both sides hold about somebody."""

from datetime import UTC, datetime
from typing import Any

from backend.bridge.identity import Identity
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.own_data.queries import list_own_data
from backend.community.side import Community

# Raised when the shape of the document changes, not when a table gets another column.
FORMAT = 1


async def download(community: Community, caller: Identity, *, origin: Origin) -> dict[str, Any]:
    """Return the whole document; raises Unavailable while the auth side cannot be reached."""
    auth = await community.users.own_data(caller.uid)
    async with community.database.transaction() as db:
        own = await list_own_data(db, caller.uid, caller.discord_id)
        record(db, "own_data.downloaded", actor=caller.uid, target=caller.uid, origin=origin)
    return {
        "format": FORMAT,
        "site": community.settings.public_url,
        "made_at": datetime.now(UTC).isoformat(),
        "uid": str(caller.uid),
        "auth": auth or {},
        "community": own,
    }
