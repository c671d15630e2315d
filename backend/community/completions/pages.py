"""A member's whole record, and the forms that award something by hand and take it back."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.catalogue.queries import list_entries
from backend.community.completions import actions, queries
from backend.community.completions.errors import CompletionNotFound
from backend.community.completions.forms import mission_values, training_values
from backend.community.completions.schemas import NewCompletion, RevocationRequest
from backend.community.dependencies import Cursors, DiscordId, RequestOrigin, Transaction
from backend.community.members.callers import MaySeeMembers
from backend.community.members.queries import get_member_here, list_names_by_uid
from backend.community.models import Mission, Training
from backend.web.cursors import SignedCursors
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/members/{discord_id}/record", include_in_schema=False)

MayAward = Annotated[Access, Needs(Permission.COMPLETIONS_AWARD)]
MayRevoke = Annotated[Access, Needs(Permission.COMPLETIONS_REVOKE)]
_PAGE_SIZE = 50
# Of what a browser offers while somebody types; the rest can be typed all the same.
_OFFERED = 200
_DONE = {"awarded": "It was written into the record.", "revoked": "It was taken back."}


@router.get("")
async def record_page(
    request: Request,
    db: Transaction,
    reader: MaySeeMembers,
    cursors: Cursors,
    discord_id: DiscordId,
    done: str = "",
    cursor: str | None = None,
) -> Response:
    return await _page(request, db, reader, cursors, discord_id, done=done, cursor=cursor)


@router.post("/missions")
async def award_mission(
    request: Request,
    db: Transaction,
    by: MayAward,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "mission") as tried:
        what = {"member": discord_id, "mission": sent.value("mission").strip()}
        new = NewCompletion.model_validate(what | mission_values(sent))
        await actions.award(db, new, by=by, origin=origin)
    return await _answer(request, db, by, cursors, discord_id, tried.refusal, "awarded")


@router.post("/trainings")
async def award_training(
    request: Request,
    db: Transaction,
    by: MayAward,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "training") as tried:
        what = {"member": discord_id, "training": sent.value("training").strip()}
        new = NewCompletion.model_validate(what | training_values(sent))
        await actions.award(db, new, by=by, origin=origin)
    return await _answer(request, db, by, cursors, discord_id, tried.refusal, "awarded")


@router.post("/{completion_id}/revoke")
async def revoke(
    request: Request,
    db: Transaction,
    by: MayRevoke,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    completion_id: UUID,
    sent: Sent,
) -> Response:
    _, _, of_member = await queries.get_completion(db, completion_id)
    if of_member != discord_id:
        raise CompletionNotFound
    async with attempt(db, sent, f"revoke-{completion_id}") as tried:
        reason = RevocationRequest(reason=sent.value("reason")).reason
        await actions.revoke(db, completion_id, reason, by=by, origin=origin)
    return await _answer(request, db, by, cursors, discord_id, tried.refusal, "revoked")


async def _answer(
    request: Request,
    db: Transaction,
    by: Access,
    cursors: SignedCursors,
    discord_id: str,
    refused: Refusal | None,
    done: str,
) -> Response:
    if refused:
        # The entry may stand on a later page of the record.
        cursor = refused.sent.maybe("cursor")
        return await _page(request, db, by, cursors, discord_id, cursor=cursor, refused=refused)
    return RedirectResponse(f"/members/{discord_id}/record?done={done}", status.HTTP_303_SEE_OTHER)


async def _page(
    request: Request,
    db: Transaction,
    reader: Access,
    cursors: SignedCursors,
    discord_id: str,
    *,
    done: str = "",
    cursor: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    is_own = reader.discord_id == discord_id
    may_award = reader.may(Permission.COMPLETIONS_AWARD)
    or_gone = is_own or reader.may(Permission.MEMBERS_DISCHARGE)
    member = await get_member_here(db, discord_id, or_gone=or_gone)
    listed = f"record of {discord_id}"
    (after,) = cursors.read_row(listed, cursor, UUID) or (None,)
    page = await queries.list_completions(
        db, member_id=member.id, revoked=is_own or may_award, after=after, limit=_PAGE_SIZE
    )
    following = cursors.write(listed, (page.last,) if page.last else None)
    gives = may_award and not is_own
    return render(
        request,
        "record.html",
        status=refused.status if refused else status.HTTP_200_OK,
        member=member,
        completions=page.completions,
        cursor=cursor,
        givers=await list_names_by_uid(
            db, {one.awarded_by for one, _, _ in page.completions if one.awarded_by}
        ),
        may_award=gives,
        may_revoke=reader.may(Permission.COMPLETIONS_REVOKE) and not is_own,
        missions=(await list_entries(db, Mission, limit=_OFFERED)).entries if gives else (),
        trainings=(await list_entries(db, Training, limit=_OFFERED)).entries if gives else (),
        next_url=f"/members/{discord_id}/record?{urlencode({'cursor': following})}"
        if following
        else None,
        message=_DONE.get(done),
        refused=refused,
    )
