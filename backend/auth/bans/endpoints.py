from uuid import UUID

from fastapi import APIRouter

from backend.auth.bans import actions
from backend.auth.bans.schemas import BanRequest
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.users.schemas import UserDetails
from backend.web.callers import Admin

router = APIRouter(prefix="/auth/users", tags=["admin"])


@router.post("/{uid}/ban")
async def ban_user(
    uid: UUID, ban: BanRequest, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> UserDetails:
    """Keep a user out, for good or until a moment. They are told the reason; their sessions end."""
    account = await actions.ban_user(
        auth, uid, reason=ban.reason, expires_at=ban.expires_at, by=admin.uid, origin=origin
    )
    return UserDetails.of(account)


@router.post("/{uid}/unban")
async def unban_user(
    uid: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> UserDetails:
    """Lift a ban before its time."""
    return UserDetails.of(await actions.unban_user(auth, uid, by=admin.uid, origin=origin))
