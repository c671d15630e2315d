from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from backend.community.fields import Body, Change, LongText, Minutes, Points, Slug
from backend.community.text_fields import Title


class MissionDetails(BaseModel):
    """A mission of the catalogue."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: str
    title: str
    briefing: str | None
    points: int
    minutes: int | None
    created_at: datetime
    archived_at: datetime | None


class MissionList(BaseModel):
    items: list[MissionDetails]
    next_cursor: str | None


class NewMission(Body):
    slug: Slug
    title: Title
    briefing: LongText | None = None
    points: Points = 0
    minutes: Minutes | None = None


class MissionChange(Change):
    """What is left out stays. Completions keep the title and the points that they were awarded with."""

    NEVER_EMPTY = ("title", "points", "archived")

    title: Title | None = None
    briefing: LongText | None = None
    points: Points | None = None
    minutes: Minutes | None = None
    archived: bool | None = None
