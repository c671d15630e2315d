"""Until when a credential can be good, whatever nobody says of it meanwhile."""

import base64

import orjson

from backend.bridge.identity import Credentials, Identity


def credential_end(credentials: Credentials, identity: Identity) -> float | None:
    """Return the moment (``time.time``) at which a credential that auth accepted ends by itself.

    None for a bearer token that does not tell its end: such an answer must not be remembered.
    """
    session_end = identity.session_expires_at.timestamp()
    if credentials.bearer is None:
        return session_end
    token_end = _expiry(credentials.bearer)
    return None if token_end is None else min(session_end, token_end)


def _expiry(token: str) -> float | None:
    """Read ``exp`` out of a JWT whose signature auth has just checked."""
    try:
        payload = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None
