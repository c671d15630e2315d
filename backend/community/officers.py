"""Who may keep the record, until permissions are a table: one predicate in one place."""

from typing import Annotated

from fastapi import Depends

from backend.bridge.identity import Identity
from backend.errors import NotAllowed
from backend.web.callers import Caller


class OfficerRequired(NotAllowed):
    code = "officer_required"

    def __init__(self) -> None:
        super().__init__("Only an officer or an admin may do this.")


def is_officer(identity: Identity) -> bool:
    return identity.role in ("officer", "admin")


async def require_officer(caller: Caller) -> Identity:
    if not is_officer(caller):
        raise OfficerRequired
    return caller


Officer = Annotated[Identity, Depends(require_officer)]
