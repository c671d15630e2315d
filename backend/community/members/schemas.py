from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from backend.bridge.identity import Role
from backend.community.access.queries import Access
from backend.community.models import Member


def _readable(value: str) -> str:
    """Trim, and refuse what PostgreSQL cannot store or nobody can see."""
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("holds characters that are not text")
    return value.strip()


def _named(value: str) -> str:
    name = _readable(value)
    if not name or not name.isprintable():
        raise ValueError("must be one line of readable text")
    return name


DisplayName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_named)]
Bio = Annotated[str, Field(max_length=2000), AfterValidator(_readable)]


class MemberDetails(BaseModel):
    """A member's profile, as everybody in the community sees it."""

    model_config = ConfigDict(from_attributes=True)

    discord_id: str
    display_name: str
    bio: str | None
    avatar_url: str | None
    rank: str
    missions_completed: list[Any]
    trainings_completed: list[Any]
    stats: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class OwnProfile(MemberDetails):
    """A member's profile for themselves; what is beside it is set by admins."""

    role: Role
    permissions: list[str]
    tags: list[str]
    plan_tier: str
    feature_flags: dict[str, bool]

    @classmethod
    def of(cls, member: Member, access: Access) -> "OwnProfile":
        return cls(
            **MemberDetails.model_validate(member).model_dump(),
            role=access.role,
            permissions=sorted(access.permissions),
            tags=list(access.tags),
            plan_tier=access.plan_tier,
            feature_flags=access.feature_flags,
        )


class MemberList(BaseModel):
    items: list[MemberDetails]
    next_cursor: str | None


class ProfileChange(BaseModel):
    """What members may change of their own profile; what is left out stays, an empty bio goes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    display_name: DisplayName | None = None
    bio: Bio | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "ProfileChange":
        if not self.model_fields_set:
            raise ValueError("give display_name, bio, or both")
        if "display_name" in self.model_fields_set and self.display_name is None:
            raise ValueError("display_name cannot be null")
        return self


PageSize = Annotated[int, Field(ge=1, le=200)]
Search = Annotated[str, Field(max_length=100)]
