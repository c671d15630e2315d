"""Every token of jwt_attacks.json, at the verifier with the corpus's keys and at the running site."""

import base64
import re
import socket
import time
import tracemalloc
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from backend.auth.crypto.access_tokens import SigningKeyMaterial, TokenRefused, Verifier
from tests.fixtures.application import Browser
from tests.security.corpora import Case, by_id, cases, read

FILE = read("jwt_attacks")
NOW = FILE["generated_now"]
EXPECTED = FILE["verifier"]
GIVEN = cases("jwt_attacks")
# What depends on a session or a user is judged in test_tokens_follow_their_session.py.
STATELESS = [case for case in GIVEN if not case.get("needs_state")]
QUICK_SECONDS = 0.05
SMALL_MB = 8


def corpus_keys() -> dict[str, tuple[str, SigningKeyMaterial]]:
    """Return the algorithm and the key of each profile."""
    keys = FILE["keys"]
    secret = keys["hs256_secret_b64url"]
    shared = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    return {
        "hs256": ("HS256", OctKey.import_key(shared)),
        "rs256": ("RS256", RSAKey.import_key(keys["rsa_private_pem"])),
        "es256": ("ES256", ECKey.import_key(keys["ec_private_pem"])),
    }


KEYS = corpus_keys()


def verifiers_for(profile: str) -> list[Verifier]:
    chosen = KEYS if profile == "*" else {profile: KEYS[profile]}
    return [
        Verifier(
            algorithm=algorithm,
            keys={None: key},
            issuer=EXPECTED["iss"],
            audience=EXPECTED["aud"],
            subject=re.compile(r"[0-9]{10,20}"),
        )
        for algorithm, key in chosen.values()
    ]


def is_accepted(verifier: Verifier, token: str) -> bool:
    """Whether a token is good; anything but claims or TokenRefused fails the test."""
    try:
        claims = verifier.verify(token, now=NOW)
    except TokenRefused:
        return False
    assert claims["sub"]
    return True


@pytest.mark.asvs("9.1.1")
@pytest.mark.asvs("9.1.2")
@pytest.mark.asvs("9.1.3")
@pytest.mark.asvs("9.2.1")
@pytest.mark.asvs("9.2.2")
@pytest.mark.asvs("9.2.3")
@pytest.mark.asvs("10.3.1")
@pytest.mark.parametrize("case", by_id(STATELESS))
def test_the_verifier_judges(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_to_connect(*_: Any) -> None:
        raise AssertionError("verifying a token must not open a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse_to_connect)
    for verifier in verifiers_for(case["profile"]):
        accepted = is_accepted(verifier, case["token"])

        if case["expect"] in ("accept", "reject"):
            assert accepted == (case["expect"] == "accept"), case["why"]
        else:
            assert case["expect"] in ("either", "policy")


@pytest.mark.parametrize("case", by_id(STATELESS))
def test_no_token_takes_long(case: Case) -> None:
    for verifier in verifiers_for(case["profile"]):
        assert min(seconds_for(verifier, case["token"]) for _ in range(3)) < QUICK_SECONDS


def seconds_for(verifier: Verifier, token: str) -> float:
    # The processor's time: a busy machine does not stretch it.
    started = time.process_time()
    is_accepted(verifier, token)
    return time.process_time() - started


@pytest.mark.parametrize("case", by_id(one for one in GIVEN if "limit_mb" in one))
def test_no_token_takes_much_memory(case: Case) -> None:
    tracemalloc.start()
    for verifier in verifiers_for(case["profile"]):
        is_accepted(verifier, case["token"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < SMALL_MB * 1024 * 1024


async def test_the_site_takes_no_token_that_it_did_not_make(browser: Browser) -> None:
    for case in GIVEN:
        # As bytes, and in process: a server in front refuses control characters before we see them.
        bearer = b"Bearer " + case["token"].encode("utf-8", "surrogatepass")
        response = await browser.get("/auth/session", headers={"Authorization": bearer})

        assert response.status_code == 401, (case["id"], case["why"], response.text)
        assert response.headers["www-authenticate"].startswith("Bearer")


def test_the_corpus_asks_for_the_rules_that_are_built_in() -> None:
    required = {"exp", "iat", "iss", "aud", "sub", "jti"}
    assert (EXPECTED["typ"], EXPECTED["leeway_s"]) == ("at+jwt", 30)
    assert EXPECTED["max_token_bytes"] == 8192
    assert set(EXPECTED["required"]) == required
