from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.bans.errors import KeptBanNotFound
from backend.auth.bans.kept import lift_kept_ban, list_kept_bans
from backend.auth.bans.kept_cursors import read_place, write_place
from backend.auth.bans.schemas import KeptBanDetails
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.web.callers import Admin
from backend.web.pages import render

router = APIRouter(prefix="/admin/kept-bans", include_in_schema=False)

_DONE = {"lifted": "The ban was lifted. Its owner may come back, as somebody new."}


@router.get("")
async def kept_bans_page(
    request: Request, _: Admin, auth: RunningAuth, cursor: str | None = None, done: str = ""
) -> Response:
    async with auth.database.transaction() as db:
        page = await list_kept_bans(db, after=read_place(cursor))
    here = urlencode({"cursor": write_place(page.last)}) if page.last else ""
    return render(
        request,
        "admin_kept_bans.html",
        bans=[KeptBanDetails.model_validate(ban) for ban in page.bans],
        next_url=f"/admin/kept-bans?{here}" if here else None,
        message=_DONE.get(done),
    )


@router.post("/{uid}/lift")
async def lift_ban(uid: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin) -> Response:
    if not await lift_kept_ban(auth, uid, by=admin.uid, origin=origin):
        raise KeptBanNotFound
    return RedirectResponse("/admin/kept-bans?done=lifted", status.HTTP_303_SEE_OTHER)
