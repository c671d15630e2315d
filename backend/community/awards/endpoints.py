from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.awards import actions, queries
from backend.community.awards.schemas import (
    AwardDetails,
    AwardEdit,
    AwardList,
    GrantList,
    GrantRequest,
    GrantResult,
    NewAward,
    PageSize,
    SuggestionList,
    Withdrawal,
)
from backend.community.dependencies import Cursors, DiscordId, RequestOrigin, Transaction
from backend.community.models import Award
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api", tags=["awards"], route_class=StrictRoute)

MaySee = Annotated[Access, Needs(Permission.AWARDS_READ)]
MayManage = Annotated[Access, Needs(Permission.AWARDS_MANAGE)]
MayGrant = Annotated[Access, Needs(Permission.AWARDS_GRANT)]


@router.get("/awards")
async def list_awards(db: Transaction, _: MaySee) -> AwardList:
    """The catalogue of awards with their rules, archived ones included."""
    awards = await queries.list_awards(db)
    return AwardList(items=[AwardDetails.model_validate(award) for award in awards])


@router.post("/awards", response_model=AwardDetails, status_code=status.HTTP_201_CREATED)
async def add_award(db: Transaction, new: NewAward, by: MayManage, origin: RequestOrigin) -> Award:
    """Add an award to the catalogue."""
    return await actions.add_award(db, new, by=by, origin=origin)


@router.patch("/awards/{award_id}", response_model=AwardDetails)
async def edit_award(
    db: Transaction, award_id: UUID, edit: AwardEdit, by: MayManage, origin: RequestOrigin
) -> Award:
    """Rename, describe, archive or bring back an award, or change its rule."""
    return await actions.edit_award(db, award_id, edit, by=by, origin=origin)


@router.get("/awards/{award_id}/suggestions")
async def list_suggestions(
    db: Transaction,
    award_id: UUID,
    _: MayGrant,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> SuggestionList:
    """Who meets the award's rule without having it, with the sum. Nothing is granted by itself."""
    listed = f"suggestions for {award_id}"
    (after,) = cursors.read(listed, cursor) or (0,)
    page = await queries.list_suggestions(db, award_id, after=int(after), limit=limit)
    return SuggestionList(
        items=list(page.suggestions), next_cursor=cursors.write(listed, page.last)
    )


@router.post("/awards/{award_id}/grants")
async def grant_award(
    db: Transaction, award_id: UUID, wanted: GrantRequest, by: MayGrant, origin: RequestOrigin
) -> GrantResult:
    """Grant an award to all who are named; whoever has it already is left out."""
    return await actions.grant_award(db, award_id, wanted, by=by, origin=origin)


@router.post("/award-grants/{grant_id}/withdraw", status_code=status.HTTP_204_NO_CONTENT)
async def withdraw_award(
    db: Transaction, grant_id: UUID, request: Withdrawal, by: MayGrant, origin: RequestOrigin
) -> None:
    """Withdraw an award from the member who has it."""
    await actions.withdraw_award(db, grant_id, request.reason, by=by, origin=origin)


@router.get("/members/{discord_id}/awards")
async def list_awards_of_member(db: Transaction, discord_id: DiscordId, _: MaySee) -> GrantList:
    """The awards that a member has, latest first."""
    return GrantList(items=await queries.list_grants(db, discord_id))
