import base64
import binascii
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationInfo, field_validator, model_validator

from backend.settings import SharedSettings, is_production, looks_like_a_placeholder

_SHORTEST_KEY = 32
_KEY_HINT = "make one with: openssl rand -hex 32"
_SECRET_HINT = 'make one with: echo "whsec_$(openssl rand -base64 32)"'  # noqa: S105 - a hint
ServiceUrl = Annotated[str, "an address of the inner network, without a path"]


class BridgeSettings(SharedSettings):
    """How the two sides reach each other. All empty: both run in one process."""

    auth_service_url: ServiceUrl = ""
    community_service_url: ServiceUrl = ""
    auth_service_api_key: SecretStr = SecretStr("")
    event_transport: Literal["direct", "webhook", "nats"] = "direct"
    webhook_secrets: SecretStr = SecretStr("")
    nats_url: SecretStr = SecretStr("")

    @field_validator("auth_service_url", "community_service_url")
    @classmethod
    def _is_a_service(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be an address such as http://auth:8000")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be scheme, host and port alone, without a path")
        return value.rstrip("/")

    @field_validator("auth_service_api_key")
    @classmethod
    def _are_long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        keys = _parts(value)
        if len(keys) > 2:
            raise ValueError("may hold two keys at most, the new one and the old one")
        if any(not key.isascii() or not key.isprintable() or " " in key for key in keys):
            raise ValueError(f"must be of letters and digits; {_KEY_HINT}")
        if any(len(key) < _SHORTEST_KEY or _is_weak(key, info) for key in keys):
            raise ValueError(f"must be {_SHORTEST_KEY} or more random characters; {_KEY_HINT}")
        return value

    @field_validator("webhook_secrets")
    @classmethod
    def _are_secrets(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        secrets = _parts(value)
        if len(secrets) > 2:
            raise ValueError("may hold two secrets at most, the new one and the old one")
        for secret in secrets:
            decode_webhook_secret(secret)
            if _is_weak(secret, info):
                raise ValueError(f"is a placeholder; {_SECRET_HINT}")
        return value

    @field_validator("nats_url")
    @classmethod
    def _is_nats(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and urlsplit(url).scheme not in ("nats", "tls"):
            raise ValueError("must look like nats://token@host:4222")
        return value

    @model_validator(mode="after")
    def _has_what_the_transport_needs(self) -> Self:
        if self.event_transport == "webhook" and not self.secrets:
            raise ValueError(
                f"WEBHOOK_SECRETS is not set, and EVENT_TRANSPORT webhook needs it; {_SECRET_HINT}"
            )
        if self.event_transport == "nats" and not self.nats_url.get_secret_value():
            raise ValueError("NATS_URL is not set, and EVENT_TRANSPORT nats needs it")
        if self.auth_service_url and not self.api_keys:
            raise ValueError(
                f"AUTH_SERVICE_API_KEY is not set, and AUTH_SERVICE_URL needs it; {_KEY_HINT}"
            )
        return self

    @property
    def api_keys(self) -> tuple[str, ...]:
        """The keys of the internal routes: the first is sent, all are accepted."""
        return _parts(self.auth_service_api_key)

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The keys of the webhooks: the first signs, all verify."""
        return tuple(decode_webhook_secret(one) for one in _parts(self.webhook_secrets))


def decode_webhook_secret(secret: str) -> bytes:
    """Return the key of a ``whsec_…`` secret (Standard Webhooks: base64 of 24 to 64 bytes).

    Raises ValueError.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError(f"must be whsec_ and the base64 of 24 to 64 random bytes; {_SECRET_HINT}")
    return key


def _parts(value: SecretStr) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.get_secret_value().split(",") if part.strip())


def _is_weak(secret: str, info: ValidationInfo) -> bool:
    return is_production(info) and looks_like_a_placeholder(secret)
