from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.completions import actions, queries
from backend.community.completions.errors import CompletionNotFound
from backend.community.completions.queries import Found
from backend.community.completions.schemas import (
    AwardedMembers,
    CompletionDetails,
    CompletionList,
    NewCompletion,
    NewCompletions,
    RevocationDetails,
    RevocationRequest,
)
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.fields import DiscordId, PageSize, Slug
from backend.community.idempotency.dependencies import OnceOnly
from backend.community.members.callers import MaySeeMembers
from backend.community.members.queries import get_member
from backend.community.missions.queries import get_mission
from backend.community.trainings.queries import get_training
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/completions", tags=["completions"], route_class=StrictRoute)

MayAward = Annotated[Access, Needs(Permission.COMPLETIONS_AWARD)]
MayRevoke = Annotated[Access, Needs(Permission.COMPLETIONS_REVOKE)]


@router.get("")
async def list_completions(
    db: Transaction,
    caller: MaySeeMembers,
    cursors: Cursors,
    member: DiscordId | None = None,
    mission: Slug | None = None,
    training: Slug | None = None,
    valid: Annotated[bool, Query(description="Only trainings that have not expired.")] = False,
    revoked: Annotated[
        bool,
        Query(
            description="With `member`: what was taken back, too. For oneself and whoever may award."
        ),
    ] = False,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> CompletionList:
    """List what was completed, the newest first: by a member, of a mission or of a training."""
    name = f"completions {member} {mission} {training} {valid} {revoked}"
    after = cursors.read_row(name, cursor, UUID)
    is_own = member is not None and member == caller.discord_id
    may_see_all = is_own or caller.may(Permission.COMPLETIONS_AWARD)
    page = await queries.list_completions(
        db,
        member_id=(await get_member(db, member)).id if member else None,
        mission_id=(await get_mission(db, mission)).id if mission else None,
        training_id=(await get_training(db, training)).id if training else None,
        valid=valid,
        revoked=revoked and may_see_all,
        after=after[0] if after else None,
        limit=limit,
    )
    return CompletionList(
        items=[details(found) for found in page.completions],
        next_cursor=cursors.write(name, (page.last,) if page.last else None),
    )


@router.post("", status_code=status.HTTP_201_CREATED, response_model=CompletionDetails)
async def award(
    db: Transaction, new: NewCompletion, caller: MayAward, origin: RequestOrigin, once: OnceOnly
) -> Response:
    """Write that a member completed a mission or a training."""

    async def act() -> CompletionDetails:
        return details(await actions.award(db, new, by=caller, origin=origin))

    return await once.answer(new, status.HTTP_201_CREATED, act)


@router.post("/bulk", response_model=AwardedMembers)
async def award_all(
    db: Transaction, new: NewCompletions, caller: MayAward, origin: RequestOrigin, once: OnceOnly
) -> Response:
    """Write that many members completed something; whoever has it already is passed over."""

    async def act() -> AwardedMembers:
        return await actions.award_all(db, new, by=caller, origin=origin)

    return await once.answer(new, status.HTTP_200_OK, act)


@router.get("/{completion_id}")
async def get_completion(
    db: Transaction, completion_id: UUID, caller: MaySeeMembers
) -> CompletionDetails:
    """One entry of the ledger."""
    found = await queries.get_completion(db, completion_id)
    may_see = found[2] == caller.discord_id or caller.may(Permission.COMPLETIONS_AWARD)
    if found[1] is not None and not may_see:
        raise CompletionNotFound
    return details(found)


@router.post("/{completion_id}/revoke", response_model=CompletionDetails)
async def revoke(
    db: Transaction,
    completion_id: UUID,
    request: RevocationRequest,
    officer: MayRevoke,
    origin: RequestOrigin,
    once: OnceOnly,
) -> Response:
    """Take a completion back; the entry and the reason stay in the ledger."""

    async def act() -> CompletionDetails:
        found = await actions.revoke(db, completion_id, request.reason, by=officer, origin=origin)
        return details(found)

    return await once.answer(request, status.HTTP_200_OK, act)


def details(found: Found) -> CompletionDetails:
    completion, revocation, discord_id = found
    names = CompletionDetails.model_fields.keys() - {"member", "instructor_id", "revocation"}
    return CompletionDetails(
        **{name: getattr(completion, name) for name in names},
        member=discord_id,
        instructor_id=completion.instructor_uid,
        revocation=RevocationDetails.model_validate(revocation, from_attributes=True)
        if revocation
        else None,
    )
