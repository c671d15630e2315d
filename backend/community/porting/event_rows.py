"""The rows of what was counted over time: attendance, reports, changes of counters, and seasons."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from backend.community.completions.schemas import Outcome, Score
from backend.community.counters.schemas import LARGEST, CounterKey
from backend.community.fields import Line, LongText, Minutes, Note, Points
from backend.community.porting.values import Moment, PastMoment, Row, RowOfMember, Uid, moment
from backend.community.reports.schemas import ClassResult, Status
from backend.community.seasons.schemas import SeasonSlug
from backend.community.text_fields import Title

# Counters that were set before anybody logged when have the epoch.
Counted = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(moment)]


class AttendanceRow(RowOfMember):
    """A line of the report of a date: who was there, and the entry that they got for it."""

    occurrence_id: Uid
    status: Status
    role: Line | None = None
    outcome: Outcome | None = None
    minutes: Minutes | None = None
    points: Points | None = None
    result: ClassResult | None = None
    score: Score | None = None
    note: Note | None = None
    completion_id: Uid | None = None


class ReportRow(Row):
    occurrence_id: Uid
    body: LongText | None = None
    revision: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    written_by: Uid | None = None
    written_at: PastMoment | None = None


class CounterChangeRow(RowOfMember):
    """By how much a counter changed; a declared counter, or ``events_attended``."""

    id: Uid
    counter: CounterKey
    change: Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
    counted_at: Counted
    recorded_at: PastMoment | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "CounterChangeRow":
        if self.change == 0:
            raise ValueError("changes nothing")
        return self


class SeasonRow(Row):
    slug: SeasonSlug
    title: Title
    starts_at: Moment
    ends_at: Moment
    created_at: PastMoment | None = None
    created_by: Uid | None = None
    closed_at: PastMoment | None = None
    closed_by: Uid | None = None

    @model_validator(mode="after")
    def _ends_afterwards(self) -> "SeasonRow":
        if self.ends_at <= self.starts_at:
            raise ValueError("ends before it begins")
        if self.closed_at is not None and self.closed_at < self.ends_at:
            raise ValueError("was closed before it ended")
        return self
