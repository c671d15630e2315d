from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from backend.community.models import Post
from backend.community.text_fields import Code, LongText, Title
from backend.web.markdown import is_too_costly, to_html


def _parseable(text: str) -> str:
    if is_too_costly(text):
        raise ValueError("holds too much markup")
    return text


Body = Annotated[LongText, AfterValidator(_parseable)]
State = Literal["draft", "scheduled", "published", "archived"]
# PostgreSQL goes further, but nobody schedules further.
Moment = Annotated[
    AwareDatetime, Field(strict=False, ge=datetime.fromisoformat("2000-01-01T00:00Z"))
]


class PostDetails(BaseModel):
    """A post; `html` is safe to show."""

    id: UUID
    title: str
    body: str
    html: str
    minimum_rank: str | None
    author_uid: UUID
    state: State
    publish_at: datetime | None
    created_at: datetime
    edited_at: datetime

    @classmethod
    def of(cls, post: Post, now: datetime) -> "PostDetails":
        shared = {name: getattr(post, name) for name in cls.model_fields if hasattr(post, name)}
        return cls.model_validate(
            shared | {"html": str(to_html(post.body)), "state": state_of(post, now)}
        )


def state_of(post: Post, now: datetime) -> State:
    if post.publish_at is None:
        return "draft"
    if post.archived_at is not None:
        return "archived"
    return "published" if post.publish_at <= now else "scheduled"


class PostList(BaseModel):
    items: list[PostDetails]
    next_cursor: str | None


class NewPost(BaseModel):
    """A post; without `publish_at` it is a draft, with one in the future it waits for it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title
    body: Body
    minimum_rank: Code | None = None
    publish_at: Moment | None = None


class PostEdit(BaseModel):
    """What to change of a post; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title | None = None
    body: Body | None = None
    minimum_rank: Code | None = None
    publish_at: Moment | None = None
    archived: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "PostEdit":
        if not self.model_fields_set:
            raise ValueError("give title, body, minimum_rank, publish_at or archived")
        for name in ("title", "body", "archived"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


PageSize = Annotated[int, Field(ge=1, le=100)]
