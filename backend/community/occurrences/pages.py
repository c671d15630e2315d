from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from backend.community.dependencies import Cursors, Transaction
from backend.community.fields import Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.members.queries import find_member
from backend.community.missions.queries import get_mission
from backend.community.occurrences import queries
from backend.community.trainings.queries import get_training
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

CatalogueSlug = Annotated[Slug, Path()]

_PAGE_SIZE = 25
_NEXT = 10
_DONE = {"created": "The mission is in the catalogue.", "edited": "The mission was changed."}


@router.get("/missions/{slug}")
async def mission_page(
    request: Request, db: Transaction, slug: CatalogueSlug, _: MaySeeMembers, done: str = ""
) -> Response:
    mission = await get_mission(db, slug)
    page = await queries.list_occurrences(
        db, since=datetime.now(UTC), mission_id=mission.id, limit=_NEXT
    )
    return render(
        request,
        "mission.html",
        mission=mission,
        occurrences=page.occurrences,
        message=_DONE.get(done),
    )


@router.get("/calendar")
async def calendar_page(
    request: Request,
    db: Transaction,
    caller: MaySeeMembers,
    cursors: Cursors,
    mission: Slug | None = None,
    training: Slug | None = None,
    since: str = "",
    mine: bool = False,
    cursor: str | None = None,
) -> Response:
    asked = {"mission": mission, "training": training, "since": since, "mine": mine or None}
    query = {name: str(value) for name, value in asked.items() if value}
    listed = f"calendar {sorted(query.items())} of {caller.uid if mine else 'all'}"
    position = cursors.read(listed, cursor)
    of_mission = await get_mission(db, mission) if mission else None
    of_training = await get_training(db, training) if training else None
    member = await find_member(db, caller.discord_id) if caller.discord_id else None
    page = await queries.list_occurrences(
        db,
        since=_day(since) or datetime.now(UTC),
        mission_id=of_mission.id if of_mission else None,
        training_id=of_training.id if of_training else None,
        member_id=member.id if mine and member else None,
        after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1])))
        if position
        else None,
        limit=_PAGE_SIZE,
    )
    last = (page.last[0].isoformat(), str(page.last[1])) if page.last else None
    following = cursors.write(listed, last)
    of = of_mission or of_training
    return render(
        request,
        "calendar.html",
        occurrences=page.occurrences,
        of=of.title if of else None,
        asked=query,
        next_url=f"/calendar?{urlencode(query | {'cursor': following})}" if following else None,
    )


def _day(text: str) -> datetime | None:
    """Read a day in UTC; what is no day is no filter."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
