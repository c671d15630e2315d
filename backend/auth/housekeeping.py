"""What has to be done every minute, by one process of however many there are."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from backend.auth.attempts import actions as attempts
from backend.auth.attempts import devices
from backend.auth.audit_log.actions import seal
from backend.auth.bans import kept
from backend.auth.deletion.erasing import erase_due
from backend.auth.factors import challenges
from backend.auth.limits import actions as limits
from backend.auth.side import Auth

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 60


@asynccontextmanager
async def housekeeping(auth: Auth) -> AsyncIterator[None]:
    """Keep house as long as the block runs."""
    task = asyncio.create_task(_keep(auth))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def keep_house(auth: Auth) -> None:
    """Seal the audit log, remove what has had its time, and erase whose time it is to go."""
    await seal(auth)
    async with auth.database.transaction() as db:
        for sweep in (attempts.sweep, challenges.sweep, devices.sweep, kept.sweep, limits.sweep):
            await sweep(db)
    await erase_due(auth)


async def _keep(auth: Auth) -> None:
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        try:
            await keep_house(auth)
        except Exception:
            # The next minute tries again; nothing that waits for this is lost.
            log.exception("housekeeping failed", extra={"action": "housekeeping.failed"})
