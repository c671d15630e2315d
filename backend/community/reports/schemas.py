from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from backend.community.completions.schemas import Outcome, Score
from backend.community.fields import Body, DiscordId, Line, LongText, Minutes, Note, Points

Status = Literal["attended", "excused", "no_show"]
ClassResult = Literal["pass", "fail"]


class ReportLine(Body):
    """One member: whether they were there and how it went."""

    member: DiscordId
    status: Status = "attended"
    role: Line | None = None
    outcome: Outcome | None = Field(None, description="As the report's, if left out.")
    minutes: Minutes | None = None
    points: Points | None = Field(None, description="Those of the catalogue, if left out.")
    result: ClassResult | None = None
    score: Score | None = None
    note: Note | None = None


def _once(lines: list[ReportLine]) -> list[ReportLine]:
    if len({line.member for line in lines}) < len(lines):
        raise ValueError("names somebody twice")
    return lines


class NewReport(Body):
    """The whole report; who is not named any more was not there."""

    body: LongText | None = None
    outcome: Outcome = "success"
    people: Annotated[list[ReportLine], Field(max_length=500), AfterValidator(_once)]


class LineDetails(BaseModel):
    member: str
    display_name: str
    status: Status
    role: str | None
    outcome: Outcome | None
    minutes: int | None
    points: int | None
    result: ClassResult | None
    score: float | None
    note: str | None
    completion_id: UUID | None


class ReportDetails(BaseModel):
    """What was written, and what everybody got for it."""

    occurrence_id: UUID
    body: str | None
    revision: int
    written_by: UUID | None
    written_at: datetime
    people: list[LineDetails]


class ReportAnswer(ReportDetails):
    """The report with what saving it changed in the record."""

    awarded: int
    revoked: int
