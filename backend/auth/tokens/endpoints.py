from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.limits.dependencies import limited
from backend.auth.limits.policies import TOKENS
from backend.auth.tokens import actions
from backend.auth.tokens.errors import (
    GrantTypeUnsupported,
    SessionCookieRequired,
    TokenTypeUnsupported,
)
from backend.auth.tokens.parameters import documented, needed, read_parameters
from backend.auth.tokens.schemas import KeySet, Tokens
from backend.web.callers import Caller

router = APIRouter(tags=["tokens"])

Parameters = Annotated[dict[str, str], Depends(read_parameters)]


@router.post(
    "/auth/token",
    dependencies=[limited(TOKENS)],
    openapi_extra=documented("client_id", required=False),
)
async def issue_tokens(
    request: Request, parameters: Parameters, caller: Caller, auth: RunningAuth,
    origin: RequestOrigin,
) -> Tokens:  # fmt: skip
    """Give a program an access token for the session that asks, and a refresh token to go on with.

    Both die with that session. The cookie is needed: an access token does not buy others.
    """
    if "grant_type" in parameters:
        raise GrantTypeUnsupported
    if "authorization" in request.headers:
        raise SessionCookieRequired
    return Tokens.model_validate(await actions.issue_tokens(auth, caller, origin=origin))


@router.post(
    "/auth/token/refresh",
    dependencies=[limited(TOKENS)],
    openapi_extra=documented("refresh_token", "grant_type", "client_id"),
)
async def refresh_tokens(
    parameters: Parameters, auth: RunningAuth, origin: RequestOrigin
) -> Tokens:
    """Trade a refresh token for the next one and a new access token (RFC 6749 6).

    Asking again within 30 seconds gives the same next token. After that, a token that was used is
    taken for a stolen one, and its session ends.
    """
    if parameters.get("grant_type", "refresh_token") != "refresh_token":
        raise GrantTypeUnsupported
    token = needed(parameters, "refresh_token")
    return Tokens.model_validate(await actions.refresh_tokens(auth, token, origin=origin))


@router.post(
    "/auth/token/revoke",
    dependencies=[limited(TOKENS)],
    openapi_extra=documented("token", "token_type_hint", "client_id"),
    response_class=Response,
)
async def revoke_token(
    parameters: Parameters, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    """Give a token back (RFC 7009): it ends, and with it every token of the same program.

    The session of the browser goes on. An unknown token is no error.
    """
    token = needed(parameters, "token")
    if parameters.get("token_type_hint", "access_token") not in ("access_token", "refresh_token"):
        raise TokenTypeUnsupported
    await actions.revoke_token(auth, token, origin=origin)
    return Response(status_code=status.HTTP_200_OK)


@router.get("/.well-known/jwks.json")
async def public_keys(auth: RunningAuth, response: Response) -> KeySet:
    """The keys to check access tokens with. A good signature alone says nothing of revocation."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return KeySet(keys=auth.tokens.public_keys)
