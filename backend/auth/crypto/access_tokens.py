"""Access tokens: 15-minute JWTs (RFC 9068) made and read with joserfc behind stricter rules."""

import base64
import binascii
import json
import math
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, RSAKey

TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type
AUDIENCE = "farout-api"
LIFETIME_SECONDS = 15 * 60
LEEWAY_SECONDS = 30
LARGEST_TOKEN = 8192

_REQUIRED = ("exp", "iat", "iss", "aud", "sub", "jti")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# A header that carries or points at a key, asks for an extension or for decompression is refused.
_REFUSED_HEADERS = frozenset(
    {"crit", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "b64", "zip", "enc"}
)

SigningKeyMaterial = ECKey | OctKey | RSAKey


class TokenRefused(Exception):
    """The token is not one of ours or not good any more; the reason is for the log alone."""


class UnknownKey(TokenRefused):
    """The token names a key that is not here, or not here yet."""

    def __init__(self, kid: str) -> None:
        super().__init__("unknown kid")
        self.kid = kid


@dataclass(frozen=True)
class Verifier:
    """Reads tokens of one issuer for one audience with one algorithm.

    ``keys`` maps a key id to its key; a token without ``kid`` is looked up under None.
    """

    algorithm: str
    keys: Mapping[str | None, SigningKeyMaterial]
    issuer: str
    audience: str = AUDIENCE
    subject: re.Pattern[str] = _UUID

    def verify(self, token: str, *, now: float | None = None) -> dict[str, Any]:
        """Return the claims of a good token; raises TokenRefused for every other text."""
        if len(token) > LARGEST_TOKEN or not token.isascii():
            raise TokenRefused("too long or not ASCII")
        segments = token.split(".")
        if len(segments) != 3:
            raise TokenRefused("not a compact JWS")
        header, claims = _json_object(segments[0]), _json_object(segments[1])
        _decode(segments[2])
        self._check_header(header)
        key = self.keys.get(header.get("kid"))
        if key is None:
            raise UnknownKey(header.get("kid", ""))
        try:
            jws.deserialize_compact(token, key, algorithms=[self.algorithm])
        except (JoseError, ValueError, TypeError) as error:
            raise TokenRefused(type(error).__name__) from None
        self._check_claims(claims, time.time() if now is None else now)
        return claims

    def _check_header(self, header: dict[str, Any]) -> None:
        if header.get("alg") != self.algorithm:
            raise TokenRefused("alg")
        if header.get("typ") != TOKEN_TYPE:
            raise TokenRefused("typ")
        if not _REFUSED_HEADERS.isdisjoint(header):
            raise TokenRefused("header parameter")
        if "kid" in header and not isinstance(header["kid"], str):
            raise TokenRefused("kid")

    def _check_claims(self, claims: dict[str, Any], now: float) -> None:
        if any(name not in claims for name in _REQUIRED):
            raise TokenRefused("claim missing")
        if claims["iss"] != self.issuer:
            raise TokenRefused("iss")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not all(isinstance(one, str) for one in audiences) or self.audience not in audiences:
            raise TokenRefused("aud")
        if not isinstance(claims["sub"], str) or not self.subject.fullmatch(claims["sub"]):
            raise TokenRefused("sub")
        if not isinstance(claims["jti"], str) or not claims["jti"]:
            raise TokenRefused("jti")
        if _moment(claims["exp"]) + LEEWAY_SECONDS <= now:
            raise TokenRefused("exp")
        if max(_moment(claims["iat"]), _moment(claims.get("nbf", 0))) > now + LEEWAY_SECONDS:
            raise TokenRefused("not yet")


@dataclass(frozen=True)
class Signer:
    """Makes tokens with one key."""

    algorithm: str
    kid: str | None
    key: SigningKeyMaterial
    issuer: str

    def sign(
        self, *, uid: UUID, session_id: UUID, chain: UUID | None = None, now: float | None = None
    ) -> str:
        """Return an access token for a session, good for LIFETIME_SECONDS.

        With the ``chain`` of a refresh token it ends when that chain does, too.
        """
        issued = int(time.time() if now is None else now)
        header = {"alg": self.algorithm, "typ": TOKEN_TYPE}
        if self.kid is not None:
            header["kid"] = self.kid
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "client_id": "farout",
            "sub": str(uid),
            "sid": str(session_id),
            "jti": secrets.token_urlsafe(16),
            "iat": issued,
            "exp": issued + LIFETIME_SECONDS,
        }
        if chain is not None:
            claims["chain"] = str(chain)
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return jws.serialize_compact(header, payload, self.key, algorithms=[self.algorithm])


def _moment(value: object) -> float:
    """Return a NumericDate (RFC 7519 2): a finite number, no boolean, no text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused("time")
    try:
        moment = float(value)
    except OverflowError:
        raise TokenRefused("time") from None
    if not math.isfinite(moment):
        raise TokenRefused("time")
    return moment


def _decode(segment: str) -> bytes:
    if not _SEGMENT.fullmatch(segment) or len(segment) % 4 == 1:
        raise TokenRefused("not base64url")
    try:
        decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error:
        raise TokenRefused("not base64url") from None
    # Bits left over at the end must be zero: one value has one spelling.
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment.encode():
        raise TokenRefused("not canonical base64url")
    return decoded


def _json_object(segment: str) -> dict[str, Any]:
    try:
        value = json.loads(
            _decode(segment).decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        raise TokenRefused("not JSON") from None
    if not isinstance(value, dict):
        raise TokenRefused("not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(name)
