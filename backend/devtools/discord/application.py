"""Puts the routes together and says what each kind of error looks like."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from backend.devtools.discord import api_endpoints, discovery, images, oauth_endpoints, pages
from backend.devtools.discord.answers import (
    ApiError,
    OAuthError,
    api_error_response,
    oauth_error_response,
)
from backend.devtools.discord.authorization import ErrorPageError
from backend.devtools.discord.callback import RedirectError
from backend.devtools.discord.gate import Gate
from backend.devtools.discord.state import StandinState, state_of


def build_application(state: StandinState) -> ASGIApp:
    modules = (oauth_endpoints, api_endpoints, pages, images, discovery)
    starlette = Starlette(routes=[route for module in modules for route in module.routes])
    starlette.router.redirect_slashes = False
    starlette.state.standin = state
    for kind in (OAuthError, ApiError, RedirectError, ErrorPageError, HTTPException):
        starlette.add_exception_handler(kind, answer_error)
    return Gate(starlette, state)


async def answer_error(request: Request, error: Exception) -> Response:
    match error:
        case OAuthError():
            return oauth_error_response(error)
        case ApiError():
            return api_error_response(error)
        case RedirectError():
            return RedirectResponse(error.url, 303)
        case ErrorPageError():
            return pages.error_page(state_of(request).settings, str(error))
        case HTTPException():
            return answer_routing_error(request, error)
    raise error


def answer_routing_error(request: Request, error: HTTPException) -> Response:
    """Unknown addresses get JSON below ``/api`` and a page elsewhere."""
    message = f"{error.status_code}: {error.detail}"
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    if path.startswith("/api/"):
        return JSONResponse({"message": message, "code": 0}, error.status_code, error.headers)
    return pages.error_page(state_of(request).settings, message, error.status_code)
