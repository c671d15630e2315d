from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from backend.key_ring import KeyRing, is_no_random_key
from backend.settings import (
    CommaSeparated,
    Network,
    SharedSettings,
    check_database_url,
    is_production,
    read_networks,
    required,
)

_KEYS_HINT = 'make one with: echo "w1:$(openssl rand -base64 32)"'


class SyncSettings(SharedSettings):
    """What writing the mirror needs, and no more: it is not the role that the pages work as."""

    sync_database_url: Annotated[str, AfterValidator(check_database_url)] = required(
        "Set it to postgresql://farout_sync:password@host:5432/farout."
    )


class WebhookSettings(SharedSettings):
    """What telling others needs: where it may be sent, and what their secrets are encrypted with."""

    community_keys: SecretStr = SecretStr("")
    webhook_allowed_networks: Annotated[tuple[Network, ...], CommaSeparated] = ()
    webhook_allow_http: bool = False
    webhook_log_days: Annotated[int, Field(ge=4, le=365)] = 30

    @field_validator("community_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value.get_secret_value():
            return value
        try:
            ring = KeyRing.parse(value.get_secret_value())
        except ValueError as error:
            raise ValueError(f"{error}; {_KEYS_HINT}") from None
        if is_production(info) and any(is_no_random_key(key) for key in ring.keys.values()):
            raise ValueError(f"has a key that is no random one; {_KEYS_HINT}")
        return value

    @field_validator("webhook_allowed_networks", mode="before")
    @classmethod
    def _are_networks(cls, value: object) -> object:
        return read_networks(value)

    @field_validator("webhook_allow_http")
    @classmethod
    def _is_for_development(cls, value: bool, info: ValidationInfo) -> bool:
        if value and is_production(info):
            raise ValueError("must be false when ENVIRONMENT is production")
        return value

    @property
    def community_ring(self) -> KeyRing | None:
        keys = self.community_keys.get_secret_value()
        return KeyRing.parse(keys) if keys else None


class CommunitySettings(SyncSettings, WebhookSettings):
    """What the community side reads from the environment, and nobody else does."""

    database_url: Annotated[str, AfterValidator(check_database_url)] = required(
        "Set it to postgresql://farout_app:password@host:5432/farout."
    )
    api_key_requests_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600
