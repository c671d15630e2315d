"""The part of Discord's API that a person's token opens (docs: Discord facts 1.9, 2 and 3)."""

import re
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.devtools.discord.answers import ApiError, invalid_field
from backend.devtools.discord.bearer import bearer_of
from backend.devtools.discord.guilds import GUILDS, MEMBER_COUNTS
from backend.devtools.discord.settings import APPLICATION_NAME, StandinSettings
from backend.devtools.discord.state import state_of

TRUE = ("true", "True", "1")


async def show_authorization(request: Request) -> Response:
    bearer = bearer_of(request)
    expires_at = datetime.fromtimestamp(bearer.token.expires_at, UTC)
    body: dict[str, Any] = {
        "application": application(state_of(request).settings),
        "scopes": list(bearer.token.scopes),
        "expires": expires_at.isoformat(timespec="microseconds"),
    }
    if bearer.may("identify"):
        body["user"] = bearer.person.seen_by_others()
    return JSONResponse(body)


def application(settings: StandinSettings) -> dict[str, Any]:
    return {
        "id": settings.client_id,
        "name": APPLICATION_NAME,
        "icon": None,
        "description": "A community of your own.",
        "type": None,
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
    }


async def show_user(request: Request) -> Response:
    bearer = bearer_of(request, "identify")
    return JSONResponse(bearer.person.seen_by_themselves(with_email=bearer.may("email")))


async def list_guilds(request: Request) -> Response:
    bearer = bearer_of(request, "guilds")
    with_counts = request.query_params.get("with_counts") in TRUE
    limit = read_limit(request)
    guilds = [
        GUILDS[guild_id] | (MEMBER_COUNTS if with_counts else {})
        for guild_id in sorted(bearer.person.memberships, key=int)
        if guild_id in GUILDS
    ]
    return JSONResponse(guilds[:limit])


def read_limit(request: Request) -> int:
    limit = request.query_params.get("limit", "200")
    if not re.fullmatch(r"[0-9]{1,9}", limit):
        raise invalid_field("limit", "NUMBER_TYPE_COERCE", f'Value "{limit}" is not int.')
    if not 1 <= int(limit) <= 200:
        message = "int value should be between 1 and 200."
        raise invalid_field("limit", "NUMBER_TYPE_RANGE", message)
    return int(limit)


async def show_member(request: Request) -> Response:
    """Show somebody in a server; whoever is not in it, or banned, learns nothing of it."""
    bearer = bearer_of(request, "guilds.members.read")
    guild_id = request.path_params["guild_id"]
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", guild_id):
        message = f'Value "{guild_id}" is not snowflake.'
        raise invalid_field("guild_id", "NUMBER_TYPE_COERCE", message)
    member = bearer.person.memberships.get(guild_id)
    if member is None:
        raise ApiError(404, 10004, "Unknown Guild")
    return JSONResponse(member | {"user": bearer.person.seen_by_others()})


routes = [
    Route("/api/v10/oauth2/@me", show_authorization),
    Route("/api/v10/users/@me", show_user),
    Route("/api/v10/users/@me/guilds", list_guilds),
    Route("/api/v10/users/@me/guilds/{guild_id}/member", show_member),
]
