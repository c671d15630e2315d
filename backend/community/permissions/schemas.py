from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from backend.bridge.identity import Role
from backend.community.access.permissions import Permission

Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


def _in_order(value: object) -> object:
    """Sort a list and leave out what is in it twice; anything else is for the field to refuse."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return sorted(set(value))
    return value


def _as_permissions(value: object) -> object:
    known = {permission.value: permission for permission in Permission}
    if isinstance(value, list):
        return [known.get(one, one) if isinstance(one, str) else one for one in value]
    return value


Permissions = Annotated[
    list[Permission],
    Field(max_length=100),
    BeforeValidator(_as_permissions),
    BeforeValidator(_in_order),
]
Tags = Annotated[list[Word], Field(max_length=50), BeforeValidator(_in_order)]


class PermissionDetails(BaseModel):
    """One permission, and the roles that have it."""

    name: str
    description: str
    roles: list[Role]


class PermissionList(BaseModel):
    items: list[PermissionDetails]


class Holder(BaseModel):
    """Somebody who has a permission; `why` names their role, a grant of their own, or both."""

    uid: UUID
    username: str
    discord_id: str | None
    role: Role
    why: list[str]


class PermissionHolders(PermissionDetails):
    """Who has one permission, and why."""

    items: list[Holder]
    next_cursor: str | None


class RoleDetails(BaseModel):
    """What everybody with a role may do."""

    role: Role
    permissions: list[str]


class RolePermissions(BaseModel):
    """What everybody with a role may do from now on."""

    model_config = ConfigDict(extra="forbid", strict=True)

    permissions: Permissions


class MemberAccess(BaseModel):
    """What the community itself says of a member's account."""

    model_config = ConfigDict(from_attributes=True)

    role: Role
    permissions: list[str]
    tags: list[str]
    plan_tier: str
    feature_flags: dict[str, bool]


class MemberAccessChange(BaseModel):
    """What admins may change of it; what is left out stays, and what is given replaces."""

    model_config = ConfigDict(extra="forbid", strict=True)

    permissions: Permissions | None = None
    tags: Tags | None = None
    plan_tier: Word | None = None
    feature_flags: Annotated[dict[Word, bool], Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "MemberAccessChange":
        given = self.model_dump(exclude_unset=True)
        if not given:
            raise ValueError("give permissions, tags, plan_tier or feature_flags")
        if None in given.values():
            raise ValueError("what is given cannot be null")
        return self


PageSize = Annotated[int, Field(ge=1, le=200)]
