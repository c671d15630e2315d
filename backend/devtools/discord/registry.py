"""Codes, tokens and consents that the stand-in has handed out (docs: Discord facts 1.5 to 1.8)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

CODE_LIFETIME = 100
TOKEN_LIFETIME = 604_800


@dataclass(frozen=True)
class Code:
    """A promise of tokens, for one person, one redirect URI and one verifier."""

    person_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str | None
    expires_at: float


@dataclass(frozen=True)
class TokenPair:
    """An access token and the refresh token that came with it."""

    access_token: str
    refresh_token: str
    person_id: str
    scopes: tuple[str, ...]
    expires_at: float


@dataclass
class Registry:
    """What is valid right now; there is one application, so nothing here names it."""

    clock: Callable[[], float]
    codes: dict[str, Code] = field(default_factory=dict)
    by_access_token: dict[str, TokenPair] = field(default_factory=dict)
    by_refresh_token: dict[str, TokenPair] = field(default_factory=dict)
    consents: dict[str, set[str]] = field(default_factory=dict)

    def issue_code(
        self, person_id: str, *, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        self.consents.setdefault(person_id, set()).update(scopes)
        code = secrets.token_urlsafe(22)
        expires_at = self.clock() + CODE_LIFETIME
        self.codes[code] = Code(person_id, redirect_uri, scopes, challenge, expires_at)
        return code

    def take_code(self, code: str) -> Code | None:
        """Use up a code: whoever comes second, or too late, gets nothing."""
        taken = self.codes.pop(code, None)
        return taken if taken is not None and self.clock() < taken.expires_at else None

    def issue_tokens(self, person_id: str, scopes: tuple[str, ...]) -> TokenPair:
        pair = TokenPair(
            access_token=f"standin.{secrets.token_urlsafe(32)}",
            refresh_token=f"standin-refresh.{secrets.token_urlsafe(32)}",
            person_id=person_id,
            scopes=scopes,
            expires_at=self.clock() + TOKEN_LIFETIME,
        )
        self.by_access_token[pair.access_token] = pair
        self.by_refresh_token[pair.refresh_token] = pair
        return pair

    def end_pair(self, pair: TokenPair) -> None:
        self.by_access_token.pop(pair.access_token, None)
        self.by_refresh_token.pop(pair.refresh_token, None)

    def find_access(self, access_token: str) -> TokenPair | None:
        pair = self.by_access_token.get(access_token)
        return pair if pair is not None and self.clock() < pair.expires_at else None

    def revoke(self, token: str) -> None:
        """End every token of the person whose token this is, and forget that they agreed."""
        found = self.by_access_token.get(token) or self.by_refresh_token.get(token)
        if found is None:
            return
        for pair in list(self.by_refresh_token.values()):
            if pair.person_id == found.person_id:
                self.end_pair(pair)
        self.consents.pop(found.person_id, None)

    def has_agreed(self, person_id: str, scopes: tuple[str, ...]) -> bool:
        return set(scopes) <= self.consents.get(person_id, set())

    def clear(self) -> None:
        self.codes.clear()
        self.by_access_token.clear()
        self.by_refresh_token.clear()
        self.consents.clear()
