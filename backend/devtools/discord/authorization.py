"""What an application asks of a person, checked (docs: Discord facts 1.2 and 1.3)."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from backend.devtools.discord import scopes
from backend.devtools.discord.callback import RedirectError, callback_url
from backend.devtools.discord.state import StandinState

INVALID_SCOPE = "The requested scope is invalid, unknown, or malformed."
DENIED = "The resource owner or authorization server denied the request"


class ErrorPageError(Exception):
    """Nobody to send the browser back to: the person is told instead."""


@dataclass(frozen=True)
class AuthorizationRequest:
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str | None
    asks_again: bool


def read_request(state: StandinState, query: str) -> AuthorizationRequest:
    """Check what the application asks; raise ErrorPageError or RedirectError if it may not."""
    pairs = parse_qsl(query, keep_blank_values=True)
    params = dict(pairs)
    if len(params) != len(pairs):
        raise ErrorPageError("A parameter was sent twice.")
    if params.get("client_id") != state.settings.client_id:
        raise ErrorPageError("Unknown application: check the client_id.")
    redirect_uri = params.get("redirect_uri", state.settings.redirect_uris[0])
    if redirect_uri not in state.settings.redirect_uris:
        raise ErrorPageError("Invalid OAuth2 redirect_uri: it is not a registered one.")

    asked = AuthorizationRequest(
        redirect_uri=redirect_uri,
        scopes=scopes.parse(params.get("scope", "")),
        state=params.get("state"),
        challenge=params.get("code_challenge"),
        asks_again=params.get("prompt") != "none",
    )
    refuse_unsupported(state, asked, params)
    return asked


def refuse_unsupported(
    state: StandinState, asked: AuthorizationRequest, params: dict[str, str]
) -> None:
    method = params.get("code_challenge_method")
    if "response_type" not in params:
        raise refusal(state, asked, "invalid_request", "Missing response_type parameter.")
    if params["response_type"] != "code":
        raise refusal(state, asked, "unsupported_response_type", "Only the code grant is played.")
    if (asked.challenge is not None or method is not None) and method != "S256":
        description = 'Unsupported "code_challenge_method"'
        raise refusal(state, asked, "invalid_request", description)
    if not scopes.are_known(asked.scopes):
        raise refusal(state, asked, "invalid_scope", INVALID_SCOPE)


def refusal(
    state: StandinState, asked: AuthorizationRequest, error: str, description: str
) -> RedirectError:
    fields = {"error": error, "error_description": description}
    return RedirectError(callback_url(state, asked.redirect_uri, fields, asked.state))


def authorize(state: StandinState, asked: AuthorizationRequest, person_id: str) -> str:
    """Do what Authorize does, and return where the browser goes next."""
    if person_id not in state.people:
        raise ErrorPageError("There is no such person here.")
    if not scopes.are_grantable(asked.scopes, with_challenge=asked.challenge is not None):
        raise refusal(state, asked, "invalid_scope", INVALID_SCOPE)
    code = state.registry.issue_code(
        person_id,
        redirect_uri=asked.redirect_uri,
        scopes=asked.scopes,
        challenge=asked.challenge,
    )
    return callback_url(state, asked.redirect_uri, {"code": code}, asked.state)


def cancel(state: StandinState, asked: AuthorizationRequest) -> str:
    """Do what Cancel does, and return where the browser goes next."""
    return refusal(state, asked, "access_denied", DENIED).url


def agreed_before(state: StandinState, asked: AuthorizationRequest, person_id: str | None) -> bool:
    """Tell whether ``prompt=none`` may skip the page for this person."""
    if asked.asks_again or person_id not in state.people:
        return False
    return state.registry.has_agreed(person_id, asked.scopes)
