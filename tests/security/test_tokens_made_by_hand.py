"""Tokens with a good signature and one thing wrong; and some that look odd and are right."""

import base64
import hashlib
import hmac
import json
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import OctKey

from backend.auth.crypto.access_tokens import (
    AUDIENCE,
    LEEWAY_SECONDS,
    LIFETIME_SECONDS,
    Signer,
    TokenRefused,
    Verifier,
)

SECRET = b"\x17\x9a\xf3" * 16
ISSUER = "https://auth.example.test"
NOW = 1_795_213_449
UID = "019aa2f0-0000-7000-8000-000000000001"
VERIFIER = Verifier("HS256", {None: OctKey.import_key(SECRET)}, ISSUER)
HEADER = {"alg": "HS256", "typ": "at+jwt"}
CLAIMS = {
    "iss": ISSUER, "aud": AUDIENCE, "sub": UID, "sid": UID, "jti": "one", "iat": NOW,
    "exp": NOW + LIFETIME_SECONDS,
}  # fmt: skip


def segment(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(header: bytes | dict[str, Any], claims: bytes | dict[str, Any]) -> str:
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)
    ]
    signing_input = ".".join(segment(part) for part in parts)
    mac = hmac.new(SECRET, signing_input.encode(), hashlib.sha256).digest()
    return f"{signing_input}.{segment(mac)}"


def is_good(token: str) -> bool:
    try:
        VERIFIER.verify(token, now=NOW)
    except TokenRefused:
        return False
    return True


RIGHT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it is": ({}, {}),
    "several audiences": ({}, {"aud": ["other", AUDIENCE]}),
    "a moment with a fraction": ({}, {"exp": NOW + 0.5}),
    "just within the leeway": ({}, {"exp": NOW - LEEWAY_SECONDS + 1}),
    "from a clock that is a little ahead": ({}, {"iat": NOW + LEEWAY_SECONDS, "nbf": NOW + 1}),
    "a claim that nobody knows": ({}, {"x": {"y": [None]}}),
}
WRONG: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "typ JWT": ({"typ": "JWT"}, {}),
    "typ in capitals": ({"typ": "AT+JWT"}, {}),
    "typ with its whole name": ({"typ": "application/at+jwt"}, {}),
    "typ null": ({"typ": None}, {}),
    "typ of a list": ({"typ": ["at+jwt"]}, {}),
    "alg of a list": ({"alg": ["HS256"]}, {}),
    "alg null": ({"alg": None}, {}),
    "alg HS512": ({"alg": "HS512"}, {}),
    "alg with a space": ({"alg": "HS256 "}, {}),
    "kid of nobody": ({"kid": "k1"}, {}),
    "kid with a path": ({"kid": "../../dev/null"}, {}),
    "kid of a list": ({"kid": ["k1"]}, {}),
    "crit exp": ({"crit": ["exp"], "exp": NOW}, {}),
    "crit null": ({"crit": None}, {}),
    "b64 true": ({"b64": True}, {}),
    "zip": ({"zip": "DEF"}, {}),
    "jwk null": ({"jwk": None}, {}),
    "x5t": ({"x5t": "AA"}, {}),
    "exp past the leeway": ({}, {"exp": NOW - LEEWAY_SECONDS}),
    "exp in milliseconds of the past": ({}, {"exp": -1}),
    "exp too large for a float": ({}, {"exp": 10**400}),
    "exp null": ({}, {"exp": None}),
    "exp of a list": ({}, {"exp": [NOW + 60]}),
    "iat in the future": ({}, {"iat": NOW + LEEWAY_SECONDS + 1}),
    "iat of text": ({}, {"iat": str(NOW)}),
    "iat too large for a float": ({}, {"iat": 10**400}),
    "nbf in the future": ({}, {"nbf": NOW + LEEWAY_SECONDS + 1}),
    "nbf null": ({}, {"nbf": None}),
    "iss with a slash": ({}, {"iss": f"{ISSUER}/"}),
    "iss of http": ({}, {"iss": ISSUER.replace("https", "http")}),
    "iss null": ({}, {"iss": None}),
    "iss of an object": ({}, {"iss": {"iss": ISSUER}}),
    "aud null": ({}, {"aud": None}),
    "aud in capitals": ({}, {"aud": AUDIENCE.upper()}),
    "aud with something that is no text": ({}, {"aud": [AUDIENCE, 1]}),
    "aud true": ({}, {"aud": True}),
    "sub in capitals": ({}, {"sub": UID.upper()}),
    "sub in braces": ({}, {"sub": f"{{{UID}}}"}),
    "sub with a line break": ({}, {"sub": f"{UID}\n"}),
    "sub of other digits": ({}, {"sub": UID.replace("1", "\u0661")}),
    "sub of an object": ({}, {"sub": {"sub": UID}}),
    "sub empty": ({}, {"sub": ""}),
    "jti empty": ({}, {"jti": ""}),
    "jti of a number": ({}, {"jti": 1}),
}


@pytest.mark.parametrize("change", RIGHT)
def test_takes(change: str) -> None:
    header, claims = RIGHT[change]
    assert is_good(signed(HEADER | header, CLAIMS | claims))


@pytest.mark.parametrize("change", WRONG)
def test_refuses(change: str) -> None:
    header, claims = WRONG[change]
    assert not is_good(signed(HEADER | header, CLAIMS | claims))


@pytest.mark.parametrize("name", ["exp", "iat", "iss", "aud", "sub", "jti"])
def test_refuses_a_token_without(name: str) -> None:
    assert not is_good(signed(HEADER, {key: CLAIMS[key] for key in CLAIMS if key != name}))


@pytest.mark.parametrize("name", ["alg", "typ"])
def test_refuses_a_header_without(name: str) -> None:
    assert not is_good(signed({key: HEADER[key] for key in HEADER if key != name}, CLAIMS))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7"])
def test_refuses_claims_in_another_encoding(encoding: str) -> None:
    text = json.dumps(CLAIMS | {"name": "\u00e9\u2603"}, ensure_ascii=False)
    assert is_good(signed(HEADER, text.encode()))
    if encoding == "utf-7":
        text = text.replace('"', "+ACI-")
    assert not is_good(signed(HEADER, text.encode(encoding)))


@pytest.mark.parametrize("twice", ["sub", "exp", "sid", "x"])
def test_refuses_a_name_that_occurs_twice(twice: str) -> None:
    claims = json.dumps(CLAIMS | {"x": 1})
    assert not is_good(signed(HEADER, f'{{"{twice}":1,{claims[1:]}'.encode()))
    assert not is_good(signed(b'{"alg":"HS256","alg":"HS256","typ":"at+jwt"}', CLAIMS))


def test_refuses_a_name_that_occurs_twice_inside() -> None:
    claims = json.dumps(CLAIMS)
    assert not is_good(signed(HEADER, f'{claims[:-1]},"act":{{"sub":1,"sub":2}}}}'.encode()))


def test_refuses_a_token_in_another_wrapping() -> None:
    token = signed(HEADER, CLAIMS)
    head, payload, signature = token.split(".")
    flattened = {"protected": head, "payload": payload, "signature": signature}
    for other in (
        f" {token}", f"{token} ", f"{token}\n", f"{token}.", f".{token}", f"{token}=", token + "A",
        f'"{token}"', f"{head}.{payload}.", f"{head}..{signature}", f"{head}.{payload}",
        json.dumps(flattened), token.replace(".", "%2E"), token.lower(), token + "\u200b",
        f"{head}.{payload}.{signature}.{signature}", f"{token},{token}",
    ):  # fmt: skip
        assert not is_good(other), other


def test_refuses_a_token_one_byte_too_long() -> None:
    fitting = max(
        (signed(HEADER, CLAIMS | {"x": "y" * length}) for length in range(5700, 5800)),
        key=lambda token: len(token) if len(token) <= 8192 else 0,
    )
    assert is_good(fitting)
    assert not is_good(signed(HEADER, CLAIMS | {"x": "y" * 5900}))


def test_refuses_a_token_of_another_key() -> None:
    other = Signer("HS256", None, OctKey.import_key(b"\x18\x9a\xf3" * 16), ISSUER)
    assert not is_good(other.sign(uid=UUID(UID), session_id=UUID(UID), now=NOW))
