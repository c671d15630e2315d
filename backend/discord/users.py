"""A Discord account as ``GET /users/@me`` describes it (Discord facts 2)."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

_SNOWFLAKE = re.compile(r"[1-9][0-9]{16,19}")
_AVATAR = re.compile(r"[A-Za-z0-9_]{1,64}")
_LARGEST_SNOWFLAKE = 2**63 - 1
# The name is stored in 64 characters, and a collision adds "~" and up to 20 digits of the id.
NAME_LENGTH = 43


def _snowflake(value: object) -> str:
    if not isinstance(value, str) or not _SNOWFLAKE.fullmatch(value):
        raise ValueError("not a snowflake")
    if int(value) > _LARGEST_SNOWFLAKE:
        raise ValueError("larger than any snowflake")
    return value


def clean_text(value: object, length: int) -> str | None:
    """Return text that PostgreSQL stores and a page shows on one line, or None if nothing is left."""
    if not isinstance(value, str):
        return None
    readable = value.encode("utf-8", "replace").decode("utf-8")
    printable = "".join(char for char in readable if char.isprintable() or char == "\u200d")
    return printable.strip()[:length].strip() or None


def _discriminator(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"[0-9]{4}", value) else None


def _avatar(value: object) -> str | None:
    return value if isinstance(value, str) and _AVATAR.fullmatch(value) else None


def _email(value: object) -> str | None:
    address = clean_text(value, 320)
    return address if address == value and "@" in str(value) else None


class DiscordUser(BaseModel):
    """Looser than Discord's own schema: only the id must be right; the rest may be absent or odd."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Annotated[str, BeforeValidator(_snowflake)]
    username: Annotated[str | None, BeforeValidator(lambda v: clean_text(v, NAME_LENGTH))] = None
    global_name: Annotated[str | None, BeforeValidator(lambda v: clean_text(v, 100))] = None
    # "0" is what accounts with the new unique names have; it is stored as nothing.
    discriminator: Annotated[str | None, BeforeValidator(_discriminator)] = None
    avatar: Annotated[str | None, BeforeValidator(_avatar)] = None
    email: Annotated[str | None, BeforeValidator(_email)] = None
    verified: Any = False

    @property
    def name(self) -> str:
        return self.username or f"user-{self.id[-4:]}"

    @property
    def display_name(self) -> str:
        return self.global_name or self.name

    @property
    def verified_email(self) -> str | None:
        """The address, only if Discord has checked that it belongs to this person."""
        return self.email if self.verified is True else None


def avatar_url(cdn: str, user_id: str, avatar: str | None, discriminator: str | None) -> str:
    """Return the address of an avatar, 128 pixels wide (Discord facts 2.2)."""
    if avatar is None:
        index = int(user_id) >> 22
        index = index % 6 if discriminator is None else int(discriminator) % 5
        return f"{cdn}/embed/avatars/{index}.png"
    extension = "gif" if avatar.startswith("a_") else "png"
    return f"{cdn}/avatars/{user_id}/{avatar}.{extension}?size=128"
