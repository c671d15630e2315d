from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from backend.bridge.identity import Role
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.models import Member
from backend.community.text_fields import Code, one_line, readable

DisplayName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]
Bio = Annotated[str, Field(max_length=2000), AfterValidator(readable)]


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

    @classmethod
    def with_stats(cls, member: Member, stats: dict[str, Any]) -> "MemberDetails":
        return cls.model_validate(member).model_copy(update={"stats": stats})


class OwnProfile(MemberDetails):
    """A member's profile for themselves; what is beside it is set by admins."""

    role: Role
    permissions: list[str]
    tags: list[str]
    plan_tier: str
    feature_flags: dict[str, bool]

    @classmethod
    def of(cls, member: Member, stats: dict[str, Any], access: Access) -> "OwnProfile":
        return cls(
            **MemberDetails.with_stats(member, stats).model_dump(),
            role=access.role,
            permissions=sorted(access.permissions),
            tags=list(access.tags),
            plan_tier=access.plan_tier,
            feature_flags=access.feature_flags,
        )


class MemberSummary(BaseModel):
    """A member in the directory; the record stands on the member's own page."""

    model_config = ConfigDict(from_attributes=True)

    discord_id: str
    display_name: str
    avatar_url: str | None
    rank: str
    stats: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class MemberList(BaseModel):
    items: list[MemberSummary]
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
Search = Annotated[str, Field(max_length=100), AfterValidator(readable)]
Sort = Literal["name", "-name", "joined", "-joined", "rank", "-rank"]


class MemberFilters(BaseModel):
    """Which members to list, and in which order; all filters that are given must hold."""

    model_config = ConfigDict(extra="forbid")

    search: Search = ""
    rank: Annotated[str, Field(max_length=64), AfterValidator(readable)] | None = None
    role: Role | None = None
    mission: Annotated[Code, Field(description="A mission's slug or id.")] | None = None
    training: (
        Annotated[Code, Field(description="Slug or id of a training that is valid today.")] | None
    ) = None
    active_since: (
        Annotated[date, Field(description="Day of the last mission, training, date or award.")]
        | None
    ) = None
    joined_since: date | None = None
    joined_until: date | None = None
    tag: Code | None = None
    plan_tier: Code | None = None
    flag: Code | None = None
    left: Annotated[bool, Field(description="Those who have left instead.")] = False
    sort: Sort = "name"

    @property
    def needs(self) -> Permission | None:
        """The permission that these filters need beside seeing the directory."""
        if self.tag is not None or self.plan_tier is not None or self.flag is not None:
            return Permission.ACCESS_READ
        return Permission.MEMBERS_DISCHARGE if self.left else None

    @property
    def name(self) -> str:
        """One name for each combination, so that a cursor is good for its own list alone."""
        chosen = self.model_dump(include=set(MemberFilters.model_fields), exclude_none=True)
        return f"members {chosen}"


class MemberListing(MemberFilters):
    """The filters, and which part of the list."""

    limit: PageSize = 50
    cursor: str | None = None
