"""The token and revocation endpoints, which no OpenAPI document describes."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.devtools.discord.answers import NO_STORE, OAuthError
from backend.devtools.discord.authorization import INVALID_SCOPE
from backend.devtools.discord.client_authentication import authenticate_client
from backend.devtools.discord.registry import TOKEN_LIFETIME, Registry, TokenPair
from backend.devtools.discord.scopes import parse
from backend.devtools.discord.state import state_of
from backend.devtools.discord.verifier import check_verifier

FORM = "application/x-www-form-urlencoded"


async def give_tokens(request: Request) -> Response:
    """Answer a token request, or refuse it as Discord does (docs: Discord facts 1.5, 1.6)."""
    state = state_of(request)
    form = await read_form(request)
    grant = form.get("grant_type")
    if grant not in ("authorization_code", "refresh_token"):
        raise OAuthError("unsupported_grant_type", f"Grant type {grant} is not supported")
    authenticate_client(request, form, state.settings)
    if grant == "authorization_code":
        pair = exchange_code(state.registry, form)
    else:
        pair = rotate(state.registry, form)
    body = {
        "token_type": "Bearer",
        "access_token": pair.access_token,
        "expires_in": TOKEN_LIFETIME,
        "refresh_token": pair.refresh_token,
        "scope": " ".join(pair.scopes),
    }
    return JSONResponse(body, headers=NO_STORE)


def exchange_code(registry: Registry, form: dict[str, str]) -> TokenPair:
    """Trade a code for tokens; any attempt uses it up, even one that fails."""
    code = registry.take_code(form.get("code", ""))
    if code is None or form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError("invalid_grant", 'Invalid "code" in request.')
    check_verifier(code.challenge, form.get("code_verifier"))
    return registry.issue_tokens(code.person_id, code.scopes)


def rotate(registry: Registry, form: dict[str, str]) -> TokenPair:
    """Give a new pair for a refresh token; the old pair is dead at once (docs: facts 1.7)."""
    old = registry.by_refresh_token.get(form.get("refresh_token", ""))
    if old is None:
        raise OAuthError("invalid_grant", 'Invalid "refresh_token" in request')
    scopes = parse(form["scope"]) if "scope" in form else old.scopes
    if not scopes or not set(scopes) <= set(old.scopes):
        raise OAuthError("invalid_scope", INVALID_SCOPE)
    registry.end_pair(old)
    return registry.issue_tokens(old.person_id, scopes)


async def revoke_tokens(request: Request) -> Response:
    """End all tokens of the person whose token this is (docs: Discord facts 1.8)."""
    state = state_of(request)
    form = await read_form(request)
    authenticate_client(request, form, state.settings)
    if "token" not in form:
        raise OAuthError("invalid_request")
    if form.get("token_type_hint", "access_token") not in ("access_token", "refresh_token"):
        raise OAuthError("unsupported_token_type")
    state.registry.revoke(form["token"])
    return JSONResponse({}, headers=NO_STORE)


async def read_form(request: Request) -> dict[str, str]:
    """Read a form and nothing else: JSON and the query string count as nothing sent."""
    media_type, _, _ = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != FORM:
        return {}
    body = (await request.body()).decode(errors="replace")
    pairs = parse_qsl(body, keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("invalid_request")
    return form


routes = [
    Route(f"{base}/oauth2/{path}", endpoint, methods=["POST"])
    for base in ("/api", "/api/v10")
    for path, endpoint in (("token", give_tokens), ("token/revoke", revoke_tokens))
]
