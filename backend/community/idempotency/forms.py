"""A form that is sent twice, by a finger that was too quick, is done once."""

import hashlib

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.idempotency.actions import Answer, claim, keep
from backend.web.forms import SentForm

_SEE_OTHER = 303


async def is_first(db: AsyncSession, request: Request, sent: SentForm, by: Access) -> bool:
    """Whether this page's form is sent for the first time with what stands in it now.

    Whoever comes second waits for the first to commit. A form that was changed is another one, and
    one that was refused leaves nothing behind, so that it can be sent again.
    """
    if not sent.maybe("once"):
        return True
    said = f"{request.scope['path']}\n{sent.pairs()}".encode()
    digest = hashlib.sha256(said).digest()
    key = f"form-{digest.hex()}"
    if await claim(db, by.uid, key, digest) is not None:
        return False
    await keep(db, by.uid, key, Answer(_SEE_OTHER, None))
    return True
