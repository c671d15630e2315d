import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from backend.settings import SharedSettings, is_production

_DISCORD_HOSTS = frozenset(
    {"discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com"}
)
_PATH = re.compile(r"/api(/v\d+)?/webhooks/\d+/[\w-]+")
_QUERY = re.compile(r"(thread_id=\d+)?")


class WatchSettings(SharedSettings):
    """What looking after the mirror needs: how often, and whom to tell."""

    sync_reconcile_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    alert_webhook_url: SecretStr = SecretStr("")
    worker_metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0

    @field_validator("alert_webhook_url")
    @classmethod
    def _is_a_discord_webhook(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if value.get_secret_value() and not _is_webhook(value.get_secret_value(), info):
            raise ValueError(
                "must look like https://discord.com/api/webhooks/ID/TOKEN; copy it from the channel's"
                " settings, under Integrations"
            )
        return value


def _is_webhook(url: str, info: ValidationInfo) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or parts.fragment:
        return False
    if not _PATH.fullmatch(parts.path) or not _QUERY.fullmatch(parts.query):
        return False
    if parts.scheme == "https" and host in _DISCORD_HOSTS and port in (None, 443):
        return True
    return parts.scheme == "http" and not is_production(info) and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
