"""What every process of the auth side does by itself, beside answering."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from backend.auth.discord_tokens.revoking import revoke_given_up
from backend.auth.side import Auth
from backend.errors import Unavailable

log = logging.getLogger(__name__)

# How soon a process knows of a new signing key, or of one that was taken away.
SECONDS = 15


@asynccontextmanager
async def kept_up(auth: Auth) -> AsyncIterator[None]:
    """Look for new signing keys, and revoke at Discord what was given up, while the block runs."""
    task = asyncio.create_task(_keep_up(auth))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_up(auth: Auth) -> None:
    while True:
        await asyncio.sleep(SECONDS)
        try:
            await auth.tokens.look_again()
            await revoke_given_up(auth)
        except Unavailable:
            # The database is away, which everybody else will say.
            continue
        except Exception:
            log.exception("the upkeep failed", extra={"action": "upkeep.failed"})
