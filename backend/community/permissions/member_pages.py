"""What one member may do and why; and what the community says of their account: tags, plan, flags."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import AdminAccess, Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import DiscordId, RequestOrigin, Transaction
from backend.community.members.queries import get_member
from backend.community.permissions import actions, queries
from backend.community.permissions.errors import FlagNamedTwice
from backend.community.permissions.forms import chosen_permissions
from backend.community.permissions.schemas import MemberAccessChange
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.pages import render

router = APIRouter(prefix="/members/{discord_id}/access", include_in_schema=False)

MaySeeAccess = Annotated[Access, Needs(Permission.ACCESS_READ)]
_MOST_FLAGS = 53
_DONE = {
    "granted": "The member's own permissions were changed.",
    "labelled": "Tags, plan and feature flags were changed.",
}


@router.get("")
async def access_page(
    request: Request, db: Transaction, discord_id: DiscordId, reader: MaySeeAccess, done: str = ""
) -> Response:
    return await _page(request, db, discord_id, reader, done=done)


@router.post("/grants")
async def grant_permissions(
    request: Request,
    db: Transaction,
    discord_id: DiscordId,
    admin: AdminAccess,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    """Grant exactly these permissions to one member, beside those of the role."""
    async with attempt(db, sent, "grants") as tried:
        change = MemberAccessChange.model_validate({"permissions": chosen_permissions(sent)})
        await actions.change_member_access(db, discord_id, change, by=admin, origin=origin)
    if tried.refusal:
        return await _page(request, db, discord_id, admin, refused=tried.refusal)
    return _done(discord_id, "granted")


@router.post("/labels")
async def label_member(
    request: Request,
    db: Transaction,
    discord_id: DiscordId,
    admin: AdminAccess,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "labels") as tried:
        change = MemberAccessChange.model_validate(
            {
                "tags": sent.words("tags"),
                "plan_tier": sent.value("plan_tier").strip(),
                "feature_flags": _flags(sent),
            }
        )
        await actions.change_member_access(db, discord_id, change, by=admin, origin=origin)
    if tried.refusal:
        return await _page(request, db, discord_id, admin, refused=tried.refusal)
    return _done(discord_id, "labelled")


def _flags(sent: SentForm) -> dict[str, Any]:
    named = [(sent.maybe(f"flag-{row}"), sent.value(f"state-{row}")) for row in range(_MOST_FLAGS)]
    flags = {name: state == "on" for name, state in named if name}
    if len(flags) < sum(1 for name, _ in named if name):
        raise FlagNamedTwice
    return flags


async def _page(
    request: Request,
    db: Transaction,
    discord_id: str,
    reader: Access,
    *,
    done: str = "",
    refused: Refusal | None = None,
) -> Response:
    member = await get_member(db, discord_id)
    account = await queries.get_account(db, discord_id)
    if refused:
        await db.refresh(account)
    return render(
        request,
        "member_access.html",
        status=refused.status if refused else status.HTTP_200_OK,
        member=member,
        account=account,
        rows=[
            (one, account.role in one.roles, one.name in account.permissions)
            for one in await queries.list_permissions(db)
        ],
        may_edit=reader.is_admin,
        is_own=account.uid == reader.uid,
        message=_DONE.get(done),
        refused=refused,
    )


def _done(discord_id: str, done: str) -> Response:
    return RedirectResponse(f"/members/{discord_id}/access?done={done}", status.HTTP_303_SEE_OTHER)
