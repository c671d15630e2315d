"""How settings are read: from the environment, then ``.env``, then what ``make run`` wrote."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.errors import SettingsProblem

Network = IPv4Network | IPv6Network
CommaSeparated = NoDecode

_DISCORD_HOSTS = ("discord.com", "cdn.discordapp.com")


class SharedSettings(BaseSettings):
    """What every part of Farout reads. Each side adds its own in a class of its own."""

    model_config = SettingsConfigDict(
        env_file=(".farout/env", ".env"),
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = "development"
    public_url: str = "http://localhost:8000"
    discord_cdn_base_url: str = "https://cdn.discordapp.com"
    trusted_proxies: Annotated[tuple[Network, ...], CommaSeparated] = ()

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str, info: ValidationInfo) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as https://farout.example.org")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be scheme, host and port alone, without a path")
        if is_production(info) and parts.scheme != "https":
            raise ValueError("must begin with https:// when ENVIRONMENT is production")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("discord_cdn_base_url")
    @classmethod
    def _is_discord(cls, value: str, info: ValidationInfo) -> str:
        return check_discord_url(value, info)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        return read_networks(value)

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def is_production(info: ValidationInfo) -> bool:
    """Whether the settings being checked are for production (``environment`` is read first)."""
    return info.data.get("environment") == "production"


def read_networks(value: object) -> object:
    """Read a list separated by commas; raises ValueError saying what is wrong."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise ValueError("must be addresses or networks, such as 10.0.0.0/8,::1") from error


def check_discord_url(value: str, info: ValidationInfo) -> str:
    """Check an address at Discord; raises ValueError saying what is wrong."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as https://discord.com/api/v10")
    if is_production(info) and (parts.scheme != "https" or parts.netloc not in _DISCORD_HOSTS):
        raise ValueError("must be Discord's own https address when ENVIRONMENT is production")
    return value.rstrip("/")


def check_database_url(value: str) -> str:
    """Check the form of a PostgreSQL address; raises ValueError saying what is wrong."""
    parts = urlsplit(value)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ValueError("must look like postgresql://role:password@host:5432/database")
    return value


PLACEHOLDERS = ("changeme", "change-me", "change_me", "example", "placeholder", "your-", "secret-")


def looks_like_a_placeholder(value: str) -> bool:
    """Whether a secret is one of those that people forget to replace."""
    lowered = value.lower()
    return any(word in lowered for word in PLACEHOLDERS) or len(set(value)) < 5


Chosen = TypeVar("Chosen", bound=BaseSettings)


def read_settings(kind: type[Chosen], **given: Any) -> Chosen:
    """Build one settings class; raises SettingsProblem with every missing or bad name at once."""
    try:
        return kind(**given)
    except ValidationError as error:
        raise SettingsProblem(_explain(kind, error)) from None


def read_all(*kinds: type[BaseSettings]) -> tuple[BaseSettings, ...]:
    """Build several settings classes; the problems of all of them come in one SettingsProblem."""
    built: list[BaseSettings] = []
    problems: list[str] = []
    for kind in kinds:
        try:
            built.append(read_settings(kind))
        except SettingsProblem as problem:
            problems += [line for line in problem.problems if line not in problems]
    if problems:
        raise SettingsProblem(problems)
    return tuple(built)


def _explain(kind: type[BaseSettings], error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        field = kind.model_fields.get(name)
        if problem["type"] == "missing":
            hint = field.description if field else None
            complaint = f"is not set. {hint or 'Set it; .env.example explains it.'}"
        else:
            message = problem["msg"].removeprefix("Value error, ")
            # After a name it goes on as a sentence; a rule about several names is one already.
            complaint = f"{message[0].lower() if name else message[0]}{message[1:]}."
        lines.append(f"{name.upper()} {complaint}".strip())
    return lines


def required(hint: str) -> Any:
    """A setting without default; ``hint`` says how to get a value."""
    return Field(default=..., description=hint)
