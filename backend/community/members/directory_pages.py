"""The directory as a page: everybody who is here, or those who have left, by what is looked for."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response, status
from pydantic import ValidationError

from backend.bridge.identity import ROLES
from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.dependencies import Cursors, Transaction
from backend.community.members import directory, queries
from backend.community.members.callers import MaySeeMembers
from backend.community.members.schemas import MemberFilters
from backend.web.forms import complaint
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

_PAGE_SIZE = 48
_MAIN = ("search", "rank", "sort")


@router.get("/members")
async def members_page(
    request: Request,
    db: Transaction,
    access: MaySeeMembers,
    cursors: Cursors,
    search: str = "",
    rank: str = "",
    sort: str = "name",
    role: str = "",
    mission: str = "",
    training: str = "",
    active_since: str = "",
    joined_since: str = "",
    joined_until: str = "",
    tag: str = "",
    plan_tier: str = "",
    flag: str = "",
    left: str = "",
    cursor: str | None = None,
) -> Response:
    asked = {
        "search": search, "rank": rank, "sort": sort, "role": role, "mission": mission,
        "training": training, "active_since": active_since, "joined_since": joined_since,
        "joined_until": joined_until, "tag": tag, "plan_tier": plan_tier, "flag": flag,
        "left": left,
    }  # fmt: skip
    chosen = {name: value.strip() for name, value in asked.items() if value.strip()}
    shown: dict[str, Any] = {
        "chosen": chosen,
        "ranks": await queries.list_rank_names(db),
        "roles": ROLES,
        "may_see_left": access.may(Permission.MEMBERS_DISCHARGE),
    }
    try:
        filters = MemberFilters.model_validate(chosen)
    except ValidationError as error:
        return _refused(request, complaint(error)[1], shown)
    if filters.needs is not None and not access.may(filters.needs):
        raise PermissionRequired(filters.needs)
    page = await directory.list_members(
        db, filters, after=cursors.read(filters.name, cursor), limit=_PAGE_SIZE
    )
    following = cursors.write(filters.name, page.last)
    gone = [member.id for member in page.members] if filters.left else []
    query = {name: value for name, value in chosen.items() if (name, value) != ("sort", "name")}
    return render(
        request,
        "members.html",
        **shown,
        members=page.members,
        departures=await queries.list_departures(db, gone),
        is_filtered=bool(query),
        is_narrowed=bool(query.keys() - _MAIN),
        next_url=f"/members?{urlencode(query | {'cursor': following})}" if following else None,
        problem=None,
    )


def _refused(request: Request, problem: str, shown: dict[str, Any]) -> Response:
    """Show what was looked for, and why nobody can be found so."""
    return render(
        request,
        "members.html",
        status=status.HTTP_422_UNPROCESSABLE_CONTENT,
        **shown,
        members=(),
        departures={},
        is_filtered=True,
        is_narrowed=True,
        next_url=None,
        problem=problem,
    )
