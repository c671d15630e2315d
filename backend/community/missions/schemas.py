from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator

from backend.community.fields import Body, LongText, Minutes, Points, Slug
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


class MissionChange(Body):
    """What is left out stays. Completions keep the title and the points that they were awarded with."""

    title: Title | None = None
    briefing: LongText | None = None
    points: Points | None = None
    minutes: Minutes | None = None
    archived: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "MissionChange":
        if not self.model_fields_set:
            raise ValueError("give at least one field")
        for name in ("title", "points", "archived"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self
