"""What Discord's answers amount to: a token, an object, or one of our errors (Discord facts 1.5, 1.6, 8)."""

import logging
import re
from typing import Any

import httpx2

from backend.discord.errors import (
    DiscordAnswerUnusable,
    DiscordClientRefused,
    DiscordCodeRefused,
    DiscordPermissionMissing,
    DiscordRateLimited,
    DiscordUnreachable,
)
from backend.strict_json import strict_json

log = logging.getLogger(__name__)

SCOPES = "identify email"
LONGEST_WAIT_SECONDS = 86_400
DEFAULT_WAIT_SECONDS = 60
# RFC 6749 A.12 allows visible ASCII; anything else could end the header that it is sent in.
_ACCESS_TOKEN = re.compile(r"[!-~]+")


def check_token_answer(answer: httpx2.Response) -> httpx2.Response:
    """Look at the answer before Authlib parses it: it may be text, HTML, or half of something."""
    refuse_trouble(answer)
    body = json_object(answer)
    if answer.status_code == httpx2.codes.OK:
        _check_token(body)
    elif not isinstance(body.get("error"), str):
        log.error(
            "Discord's token endpoint failed",
            extra={"action": "discord.token_failed", "status": answer.status_code},
        )
        raise DiscordAnswerUnusable
    return answer


def _check_token(token: dict[str, Any]) -> None:
    """RFC 6749 5.1: a bearer token, a whole number of seconds, and what we need among the scopes."""
    access_token, token_type = token.get("access_token"), token.get("token_type")
    scope, expires_in = token.get("scope", SCOPES), token.get("expires_in", 604800)
    if not isinstance(access_token, str) or not _ACCESS_TOKEN.fullmatch(access_token):
        raise DiscordAnswerUnusable
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise DiscordAnswerUnusable
    if type(expires_in) is not int or expires_in <= 0 or not isinstance(scope, str):
        raise DiscordAnswerUnusable
    if "identify" not in scope.split():
        raise DiscordPermissionMissing


def refuse_trouble(answer: httpx2.Response) -> None:
    """Raise for a rate limit or a server error, whatever the body looks like (Discord facts 8.1)."""
    status = answer.status_code
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        wait = _retry_after(answer.headers.get("Retry-After"))
        log.error(
            "Discord rate-limits this server",
            extra={"action": "discord.rate_limited", "retry_after": wait},
        )
        raise DiscordRateLimited(wait)
    if status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        log.warning("Discord failed", extra={"action": "discord.failed", "status": status})
        raise DiscordUnreachable


def _retry_after(value: str | None) -> int:
    if value is None or not value.isdecimal() or not value.isascii():
        return DEFAULT_WAIT_SECONDS
    return min(max(int(value[:9]), 1), LONGEST_WAIT_SECONDS)


def json_object(answer: httpx2.Response) -> dict[str, Any]:
    try:
        body = strict_json(answer.content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        log.error(
            "Discord's answer is not a JSON object",
            extra={"action": "discord.unusable", "status": answer.status_code},
        )
        raise DiscordAnswerUnusable
    return body


def token_error(error: str) -> Exception:
    """Discord facts 1.6: branch on ``error``, never on the status or the description."""
    if error == "invalid_grant":
        return DiscordCodeRefused()
    if error in ("invalid_client", "unauthorized_client", "invalid_request"):
        # A missing secret shows up as invalid_request about the code verifier.
        log.error(
            "Discord refuses this application: check DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET",
            extra={"action": "discord.client_refused", "error": error},
        )
        return DiscordClientRefused()
    log.error("Discord refused the exchange", extra={"action": "discord.exchange_refused"})
    return DiscordAnswerUnusable()
