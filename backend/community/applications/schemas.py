from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from backend.community.text_fields import Code, Reason, Remark, Title, written

Status = Literal["pending", "accepted", "rejected", "withdrawn"]
Vote = Literal["for", "against", "abstain"]
Answer = Annotated[str, Field(max_length=4000), AfterValidator(written)]
PageSize = Annotated[int, Field(ge=1, le=200)]


class Question(BaseModel):
    """One question; with options the answer is one of them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: Code
    label: Title
    required: bool = True
    options: Annotated[list[Title], Field(max_length=50)] = Field(default_factory=list)


def _asked_once(questions: list[Question]) -> list[Question]:
    if len({question.key for question in questions}) != len(questions):
        raise ValueError("has a key twice")
    return questions


Questions = Annotated[
    list[Question], Field(min_length=1, max_length=50), AfterValidator(_asked_once)
]
Days = Annotated[int, Field(ge=0, le=3650)]


class FormDetails(BaseModel):
    """A form and its questions."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    description: str | None
    questions: list[Question]
    reapply_after_days: int
    is_open: bool


class FormList(BaseModel):
    items: list[FormDetails]


class NewForm(BaseModel):
    """A new form."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title
    description: Remark | None = None
    questions: Questions
    reapply_after_days: Days = 30
    is_open: bool = True


class FormEdit(BaseModel):
    """What to change of a form; what is left out stays. Applications keep the questions they had."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title | None = None
    description: Remark | None = None
    questions: Questions | None = None
    reapply_after_days: Days | None = None
    is_open: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "FormEdit":
        if not self.model_dump(exclude_none=True):
            raise ValueError("give what is to be changed")
        return self


class NewApplication(BaseModel):
    """The answers by the keys of their questions."""

    model_config = ConfigDict(extra="forbid", strict=True)

    form_id: Annotated[UUID, Field(strict=False)]
    answers: Annotated[dict[Code, Answer], Field(max_length=50)]


class Answered(BaseModel):
    """A question as it stood, and its answer."""

    key: str
    label: str
    answer: str | None


class ApplicationDetails(BaseModel):
    """An application and what became of it."""

    id: UUID
    form_id: UUID
    discord_id: str
    display_name: str
    answers: list[Answered]
    status: Status
    submitted_at: datetime
    decided_at: datetime | None
    decision_reason: str | None


class ApplicationList(BaseModel):
    items: list[ApplicationDetails]
    next_cursor: str | None


class NewMessage(BaseModel):
    """A message; an internal one is for reviewers alone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    body: Answer
    internal: bool = False


class MessageDetails(BaseModel):
    """One message of the thread."""

    model_config = ConfigDict(from_attributes=True, coerce_numbers_to_str=True)

    id: str
    author_uid: UUID
    is_internal: bool
    body: str
    at: datetime


class MessageList(BaseModel):
    items: list[MessageDetails]
    next_cursor: str | None


class VoteRequest(BaseModel):
    """What a reviewer thinks."""

    model_config = ConfigDict(extra="forbid", strict=True)

    vote: Vote
    comment: Remark | None = None


class VoteDetails(BaseModel):
    """One reviewer's vote."""

    model_config = ConfigDict(from_attributes=True)

    voter_uid: UUID
    vote: Vote
    comment: str | None
    at: datetime


class VoteList(BaseModel):
    items: list[VoteDetails]


class Decision(BaseModel):
    """The end of an application; the applicant reads the reason."""

    model_config = ConfigDict(extra="forbid", strict=True)

    decision: Literal["accepted", "rejected"]
    reason: Reason
