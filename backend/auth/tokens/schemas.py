from typing import Any, Literal

from pydantic import BaseModel


class AccessToken(BaseModel):
    """RFC 6749 5.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the standard's word
    expires_in: int


class KeySet(BaseModel):
    """RFC 7517 5: the public keys that access tokens can be checked with."""

    keys: list[dict[str, Any]]
