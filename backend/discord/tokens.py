"""A pair of Discord's tokens, as its token endpoint gives it (Discord facts 1.5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What Discord says today is a week; more than a year would be a slip.
_USUAL_LIFETIME = 604_800
_LONGEST_LIFETIME = 366 * 86_400
_REFRESH_TOKEN = re.compile(r"[!-~]{1,4096}")


@dataclass(frozen=True)
class DiscordTokens:
    """Never printed. Without a refresh token the access token is good until its end."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scopes: tuple[str, ...]
    expires_in: int


def read_tokens(answer: Mapping[str, Any]) -> DiscordTokens:
    """Take the tokens out of an answer that ``check_token_answer`` has let pass."""
    refresh_token = answer.get("refresh_token")
    if not isinstance(refresh_token, str) or not _REFRESH_TOKEN.fullmatch(refresh_token):
        refresh_token = None
    return DiscordTokens(
        access_token=str(answer["access_token"]),
        refresh_token=refresh_token,
        # Their order means nothing, and an earlier consent may have given more than we asked for.
        scopes=tuple(sorted(set(str(answer.get("scope", "")).split()))),
        expires_in=min(answer.get("expires_in", _USUAL_LIFETIME), _LONGEST_LIFETIME),
    )
