from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from backend.auth.crypto.access_tokens import LIFETIME_SECONDS


class _Issued(Protocol):
    @property
    def access_token(self) -> str: ...
    @property
    def refresh_token(self) -> str: ...
    @property
    def refresh_token_expires_at(self) -> datetime: ...


class Tokens(BaseModel):
    """RFC 6749 5.1. After `refresh_token_expires_at` the person has to sign in again."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the standard's word
    expires_in: int = LIFETIME_SECONDS
    refresh_token: str
    refresh_token_expires_at: datetime

    @classmethod
    def of(cls, issued: _Issued) -> "Tokens":
        return cls(
            access_token=issued.access_token,
            refresh_token=issued.refresh_token,
            refresh_token_expires_at=issued.refresh_token_expires_at,
        )


class KeySet(BaseModel):
    """RFC 7517 5: the public keys that access tokens can be checked with."""

    keys: list[dict[str, Any]]
