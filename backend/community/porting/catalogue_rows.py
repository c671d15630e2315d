"""The rows of the catalogues: what members can have, be and complete. The rules are the API's."""

from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from backend.community.awards.schemas import Rule
from backend.community.counters.schemas import CounterKey
from backend.community.fields import Line, LongText, Minutes, Points, Slug
from backend.community.occurrences.schemas import Status
from backend.community.porting.values import (
    DiscordId,
    Document,
    Moment,
    PastMoment,
    Row,
    Uid,
)
from backend.community.text_fields import Remark, Title
from backend.community.trainings.schemas import Level, ValidDays

AnyRank = Line


class RankRow(Row):
    """A step of the ladder. A code by itself is a rank from before the ladder, and makes no step."""

    code: AnyRank
    name: Title | None = None
    position: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    description: Remark | None = None
    archived_at: PastMoment | None = None
    created_at: PastMoment | None = None

    @property
    def is_step(self) -> bool:
        return self.name is not None or self.position is not None


class MissionRow(Row):
    slug: Slug
    title: Title
    id: Uid | None = None
    briefing: LongText | None = None
    points: Points | None = None
    minutes: Minutes | None = None
    archived_at: PastMoment | None = None
    created_at: PastMoment | None = None
    created_by: Uid | None = None


class TrainingRow(Row):
    slug: Slug
    title: Title
    id: Uid | None = None
    description: LongText | None = None
    level: Level | None = None
    points: Points | None = None
    valid_days: ValidDays | None = None
    minimum_rank: Slug | None = None
    archived_at: PastMoment | None = None
    created_at: PastMoment | None = None
    created_by: Uid | None = None


class PrerequisiteRow(Row):
    training: Slug
    requires: Slug


class CounterRow(Row):
    key: CounterKey
    title: Title
    created_at: PastMoment | None = None
    created_by: Uid | None = None


class AwardRow(Row):
    name: Title
    id: Uid | None = None
    description: Remark | None = None
    rule: Document | None = None
    archived_at: PastMoment | None = None
    created_at: PastMoment | None = None

    @model_validator(mode="after")
    def _rule_is_one(self) -> "AwardRow":
        if self.rule is not None:
            try:
                Rule.model_validate(self.rule)
            except ValidationError as error:
                raise ValueError(f"has a rule that cannot be: {error.errors()[0]['msg']}") from None
        return self


class OccurrenceRow(Row):
    id: Uid
    starts_at: Moment
    mission: Slug | None = None
    training: Slug | None = None
    status: Status = "open"
    ends_at: Moment | None = None
    signups_close_at: Moment | None = None
    place: Line | None = None
    details: LongText | None = None
    leader: DiscordId | None = None
    needs_approval: bool = False
    created_at: PastMoment | None = None
    created_by: Uid | None = None

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> "OccurrenceRow":
        if (self.mission is None) == (self.training is None):
            raise ValueError("give mission or training")
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("ends before it begins")
        return self
