"""PKCE, as far as Discord has it: S256 only (docs: Discord facts 1.2 and 1.6)."""

import base64
import hashlib
import hmac

from backend.devtools.discord.answers import OAuthError


def check_verifier(challenge: str | None, verifier: str | None) -> None:
    """Refuse a verifier that is missing, wrong, of the wrong length, or not called for."""
    if challenge is None and verifier is None:
        return
    if verifier is None:
        raise OAuthError("invalid_request", 'Missing "code_verifier"')
    if challenge is None or not 43 <= len(verifier) <= 128:
        raise OAuthError("invalid_request", 'Invalid "code_verifier"')
    if not hmac.compare_digest(s256(verifier).encode(), challenge.encode()):
        raise OAuthError("invalid_request", 'Invalid "code_verifier"')


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
