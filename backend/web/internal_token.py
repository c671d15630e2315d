"""Who may ask the internal routes: the other service, with the key that both were given."""

import hashlib
import hmac

from fastapi import Request

from backend.errors import NotSignedIn
from backend.web.state import web_of

HEADER = "Internal-Token"


class InternalTokenRequired(NotSignedIn):
    code = "internal_token_required"
    scheme = HEADER

    def __init__(self) -> None:
        super().__init__(f"Send the key of AUTH_SERVICE_API_KEY in the header {HEADER}.")


class InternalTokenRefused(NotSignedIn):
    code = "internal_token_refused"
    scheme = HEADER


async def require_internal_token(request: Request) -> None:
    """For routes between the services. Raises InternalTokenRequired, InternalTokenRefused."""
    keys = web_of(request).internal_keys
    if not keys:
        raise InternalTokenRefused(
            "No key is set here, so nobody may ask. Set AUTH_SERVICE_API_KEY on both services."
        )
    tokens = request.headers.getlist(HEADER)
    if not tokens or not tokens[0]:
        raise InternalTokenRequired
    if tokens[0].lower().startswith("bearer "):
        raise InternalTokenRefused(
            f'The header {HEADER} takes the key alone: remove the prefix "Bearer ".'
        )
    # Digests have one length, and all of them are compared: time tells nothing of the keys.
    offered = digest(tokens[0])
    matches = [hmac.compare_digest(offered, key) for key in keys]
    if len(tokens) > 1 or not any(matches):
        raise InternalTokenRefused(f"The key in the header {HEADER} is not one of ours.")


def digest(key: str) -> bytes:
    """Return what Web.internal_keys keeps of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
