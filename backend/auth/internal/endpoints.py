"""What the community service asks the auth service. No browser ever gets here."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.identify import Identify
from backend.auth.internal.schemas import MOST_USERS, AnnouncingAgain, Validation
from backend.auth.internal.stream import RevocationStream
from backend.auth.users.directory import Directory
from backend.bridge import wire
from backend.bridge.errors import AccountBanned
from backend.web.internal_token import require_internal_token

router = APIRouter(
    prefix="/internal",
    tags=["internal"],
    dependencies=[Depends(require_internal_token)],
    include_in_schema=False,
)

_LARGEST_ID = 2**63 - 1
UserId = Annotated[int, Query(ge=0, le=_LARGEST_ID)]


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


@router.post("/validate")
async def validate(asked: Validation, auth: RunningAuth) -> Response:
    """Say who sent these credentials, null for nobody.

    Never from memory: the caller hears of revocations from a process that may be ahead of this one.
    """
    try:
        return _json(wire.write_identity(await Identify(auth)(asked.credentials)))
    except AccountBanned as ban:
        return _json(wire.write_ban(ban))


@router.get("/users")
async def list_users(
    auth: RunningAuth,
    after: UserId = 0,
    upto: UserId | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_USERS)] = 1_000,
) -> Response:
    """List users by id: those above `after`, up to and including `upto`."""
    users = await Directory(auth.database).page(after=after, upto=upto, limit=limit)
    return _json(wire.write_users(users))


@router.get("/users/count")
async def count_users(auth: RunningAuth) -> Response:
    return _json(wire.write_count(await Directory(auth.database).count()))


@router.post("/users/announce-again")
async def announce_again(
    chosen: AnnouncingAgain, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Give users versions above the mirror's, as after a restored backup."""
    users = await Directory(auth.database).announce_again(
        chosen.uids, above=chosen.above, origin=origin
    )
    return _json(wire.write_users(users))


@router.get("/users/{uid}")
async def get_user(uid: UUID, auth: RunningAuth) -> Response:
    return _json(wire.write_user(await Directory(auth.database).find(uid)))


@router.get("/users/{uid}/own-data")
async def get_own_data(uid: UUID, auth: RunningAuth) -> Response:
    """All that this side holds about a user, for their download; null for nobody."""
    return _json(wire.write_own_data(await Directory(auth.database).own_data(uid)))


@router.get("/revocations")
async def revocations(auth: RunningAuth) -> Response:
    """Every notice of an ended session or changed user, as it happens, and how sure that is."""
    return RevocationStream(auth.revocations)
