"""WebAuthn: what a device is asked to sign, and whether it did. No database here."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from backend.auth.models import Passkey
from backend.auth.passkeys.errors import PasskeyNotMade, PasskeyRefused


@dataclass(frozen=True)
class Question:
    """What the browser passes on to the device, and the part of it that has to be signed."""

    options: dict[str, Any]
    challenge: bytes


def ask_for_new(public_url: str, *, uid: UUID, username: str, known: Iterable[bytes]) -> Question:
    """Ask for a passkey that names its user itself and makes sure who holds the device."""
    options = webauthn.generate_registration_options(
        rp_id=_host(public_url),
        rp_name="Farout",
        user_id=uid.bytes,
        user_name=username,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return Question(json.loads(webauthn.options_to_json(options)), options.challenge)


def accept_new(
    public_url: str, answer: dict[str, Any], challenge: bytes
) -> tuple[bytes, bytes, int]:
    """Return credential id, public key and count of a new passkey; raises PasskeyNotMade."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(public_url),
            expected_origin=public_url,
            require_user_verification=True,
        )
    except Exception:
        # The answer is anybody's bytes, and the parsers beneath raise whatever they like.
        raise PasskeyNotMade from None
    return made.credential_id, made.credential_public_key, made.sign_count


def ask_for_any(public_url: str) -> Question:
    """Ask for whichever passkey of this site the device has."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(public_url), user_verification=UserVerificationRequirement.REQUIRED
    )
    return Question(json.loads(webauthn.options_to_json(options)), options.challenge)


def credential_id_of(answer: dict[str, Any]) -> bytes:
    """Return which passkey an answer claims to be of; raises PasskeyRefused."""
    try:
        return base64url_to_bytes(answer["id"])
    except Exception:
        raise PasskeyRefused from None


def accept(public_url: str, answer: dict[str, Any], challenge: bytes, passkey: Passkey) -> int:
    """Return the passkey's new count; raises PasskeyRefused, also for a count that went back."""
    try:
        proved = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(public_url),
            expected_origin=public_url,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception:
        raise PasskeyRefused from None
    return proved.new_sign_count


def _host(public_url: str) -> str:
    return urlsplit(public_url).hostname or ""
