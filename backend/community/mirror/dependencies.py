from typing import Annotated

from fastapi import Depends

from backend.bridge.identity import Identity
from backend.community.dependencies import RunningCommunity
from backend.community.mirror.actions import mirror_on_the_spot
from backend.web.callers import Caller


async def require_mirrored_caller(caller: Caller, community: RunningCommunity) -> Identity:
    """For what needs the caller's own row of the mirror: they may be here before their event is."""
    await mirror_on_the_spot(
        community.database, community.sync_database, community.users, caller.uid
    )
    return caller


MirroredCaller = Annotated[Identity, Depends(require_mirrored_caller)]
