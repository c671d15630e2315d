from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from backend.auth.crypto.weak_secrets import is_made_by_hand, is_no_random_key, is_well_known
from backend.auth.mail_server import MailServer, check_mail_from
from backend.key_ring import KeyRing
from backend.settings import (
    SharedSettings,
    check_database_url,
    check_discord_url,
    is_production,
    looks_like_a_placeholder,
    required,
)

_SHORTEST_JWT_SECRET = 32
WELL_KNOWN_ADMIN_PASSWORD = "Admin123!"  # noqa: S105 - what `make run` uses, and production refuses


class AuthDatabaseSettings(SharedSettings):
    """What reading the outbox and the users needs, and no more."""

    auth_database_url: Annotated[str, AfterValidator(check_database_url)] = required(
        "Set it to postgresql://farout_auth_service:password@host:5432/farout_auth."
    )


class AuthSettings(AuthDatabaseSettings):
    """What the auth side reads from the environment, and nobody else does."""

    discord_client_id: str = required(
        "Copy it from your application's OAuth2 page at https://discord.com/developers."
    )
    discord_client_secret: SecretStr = required(
        "Copy it from your application's OAuth2 page at https://discord.com/developers."
    )
    discord_redirect_uri: str = ""
    discord_authorize_url: str = "https://discord.com/oauth2/authorize"
    discord_api_base_url: str = "https://discord.com/api/v10"
    discord_issuer: str = "https://discord.com"
    jwt_algorithm: Literal["ES256", "HS256"] = "ES256"
    jwt_secret: SecretStr | None = None
    jwt_expiration_days: int = 7
    encryption_keys: SecretStr = required(
        "Make one with: python3 -c 'import base64, os;"
        ' print("k1:" + base64.b64encode(os.urandom(32)).decode())\''
    )
    rate_limits: bool = True
    admin_username: Annotated[str, Field(min_length=1, max_length=60)] = "admin"
    admin_email: Annotated[str, Field(pattern=r"^\S+@\S+$", max_length=320)] = "admin@farout.local"
    admin_password: SecretStr | None = None
    smtp_url: SecretStr | None = None
    mail_from: Annotated[str, AfterValidator(check_mail_from)] = ""
    registration_mode: Literal["closed", "code", "open"] = "closed"

    @field_validator("discord_client_id")
    @classmethod
    def _is_a_snowflake(cls, value: str) -> str:
        if not (value.isascii() and value.isdecimal()):
            raise ValueError("must be the application's id, digits only")
        return value

    @field_validator("discord_redirect_uri")
    @classmethod
    def _is_ours(cls, value: str, info: ValidationInfo) -> str:
        public_url = info.data.get("public_url", "")
        if value and not value.startswith(f"{public_url}/"):
            raise ValueError(f"must begin with PUBLIC_URL, {public_url}/")
        return value

    @field_validator("discord_authorize_url", "discord_api_base_url")
    @classmethod
    def _is_at_discord(cls, value: str, info: ValidationInfo) -> str:
        return check_discord_url(value, info)

    @field_validator("discord_client_secret")
    @classmethod
    def _is_no_placeholder(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if is_production(info) and looks_like_a_placeholder(value.get_secret_value()):
            raise ValueError("is a placeholder; copy the real secret from Discord's developer page")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        ring = KeyRing.parse(value.get_secret_value())
        if len(set(ring.keys.values())) < len(ring.keys):
            raise ValueError("has the same key under two ids")
        if is_production(info) and any(is_no_random_key(key) for key in ring.keys.values()):
            raise ValueError(
                "has a key that is no random one; make one with:"
                ' echo "k1:$(openssl rand -base64 32)"'
            )
        return value

    @field_validator("jwt_expiration_days")
    @classmethod
    def _is_a_session_life(cls, value: int) -> int:
        if not 1 <= value <= 90:
            raise ValueError("must be from 1 to 90 days")
        return value

    @field_validator("admin_password")
    @classmethod
    def _is_not_well_known(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value and is_production(info) and value.get_secret_value() == WELL_KNOWN_ADMIN_PASSWORD:
            raise ValueError("is the well-known one; leave it empty to have one generated")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            MailServer.parse(value.get_secret_value())
        return value

    @field_validator("jwt_secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        secret = value.get_secret_value()
        if is_well_known(secret):
            raise ValueError(
                "is a well-known one, printed in documentation; make one with: openssl rand -hex 32"
            )
        if len(secret) < _SHORTEST_JWT_SECRET or is_made_by_hand(secret):
            raise ValueError(
                f"must be {_SHORTEST_JWT_SECRET} or more random characters;"
                " make one with: openssl rand -hex 32"
            )
        return value

    @model_validator(mode="after")
    def _has_a_secret_for_hs256(self) -> Self:
        if self.jwt_algorithm == "HS256" and self.jwt_secret is None:
            raise ValueError("JWT_SECRET is not set, and JWT_ALGORITHM HS256 needs it")
        return self

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if self.smtp_url is not None and not self.mail_from:
            raise ValueError("MAIL_FROM is not set, and SMTP_URL needs it")
        if self.registration_mode != "closed" and not self.can_send_mail:
            raise ValueError("SMTP_URL is not set, and REGISTRATION_MODE needs it unless closed")
        return self

    @property
    def mail_server(self) -> MailServer | None:
        """Where mails go out; None where SMTP_URL is not set."""
        return MailServer.parse(self.smtp_url.get_secret_value()) if self.smtp_url else None

    @property
    def can_send_mail(self) -> bool:
        """Whether mails go anywhere: to a server, or in development into a folder."""
        return self.smtp_url is not None or self.environment == "development"

    @property
    def session_seconds(self) -> int:
        """How long a session lives, in seconds."""
        return self.jwt_expiration_days * 86_400

    @property
    def shared_jwt_secret(self) -> str | None:
        """The secret of HS256; None when ES256 keys from the database sign."""
        if self.jwt_algorithm != "HS256" or self.jwt_secret is None:
            return None
        return self.jwt_secret.get_secret_value()

    @property
    def redirect_uri(self) -> str:
        return self.discord_redirect_uri or f"{self.public_url}/auth/discord/callback"
