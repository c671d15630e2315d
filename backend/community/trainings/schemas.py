from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.community.fields import Body, Change, LongText, Points, Slug
from backend.community.text_fields import Title

Level = Annotated[int, Field(ge=1, le=100)]
ValidDays = Annotated[int, Field(ge=1, le=3660)]


class TrainingDetails(BaseModel):
    """A training of the catalogue."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: str
    title: str
    description: str | None
    points: int
    level: int
    valid_days: int | None
    minimum_rank: str | None
    created_at: datetime
    archived_at: datetime | None


class TrainingList(BaseModel):
    items: list[TrainingDetails]
    next_cursor: str | None


class NewTraining(Body):
    slug: Slug
    title: Title
    description: LongText | None = None
    points: Points = 0
    level: Level = 1
    valid_days: ValidDays | None = None
    minimum_rank: Slug | None = None


class TrainingChange(Change):
    """What is left out stays. Completions keep the title and the points that they were awarded with."""

    NEVER_EMPTY = ("title", "points", "level", "archived")

    title: Title | None = None
    description: LongText | None = None
    points: Points | None = None
    level: Level | None = None
    valid_days: ValidDays | None = None
    minimum_rank: Slug | None = None
    archived: bool | None = None


class Instructor(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    discord_id: str
    display_name: str


class WholeTraining(TrainingDetails):
    """A training with what it requires and who teaches it."""

    prerequisites: list[str]
    instructors: list[Instructor]


def _once(slugs: list[str]) -> list[str]:
    if len(set(slugs)) < len(slugs):
        raise ValueError("names a training twice")
    return slugs


class Prerequisites(Body):
    trainings: Annotated[list[Slug], Field(max_length=20), AfterValidator(_once)]


class Eligibility(BaseModel):
    """Whether the caller may enrol, and what they lack."""

    eligible: bool
    missing_trainings: list[str]
    missing_rank: str | None


class ExpiringTraining(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    completion_id: UUID
    member: str
    display_name: str
    training: str
    title: str
    expires_on: date


class ExpiringTrainings(BaseModel):
    items: list[ExpiringTraining]
    next_cursor: str | None
