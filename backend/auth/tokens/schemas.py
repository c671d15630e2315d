from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from backend.auth.crypto.access_tokens import LIFETIME_SECONDS


class Tokens(BaseModel):
    """RFC 6749 5.1. After `refresh_token_expires_at` the person has to sign in again."""

    model_config = ConfigDict(from_attributes=True)

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the standard's word
    expires_in: int = LIFETIME_SECONDS
    refresh_token: str
    refresh_token_expires_at: datetime


class KeySet(BaseModel):
    """RFC 7517 5: the public keys that access tokens can be checked with."""

    keys: list[dict[str, Any]]
