"""What each kind of failure becomes: a problem document, or a page for somebody with a browser."""

import logging
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from backend.errors import (
    BadInput,
    ConditionFailed,
    ConditionMissing,
    Conflict,
    FaroutError,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooMany,
    Unavailable,
    Upstream,
)
from backend.web.callers import (
    DeletionPending,
    EmailNotVerified,
    PasswordChangeRequired,
    StepUpRequired,
    find_caller,
)
from backend.web.next_path import safe_next_path
from backend.web.pages import render, sign_in_url
from backend.web.problems import problem

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[FaroutError], HTTPStatus], ...] = (
    (BadInput, HTTPStatus.BAD_REQUEST),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (ConditionMissing, HTTPStatus.PRECONDITION_REQUIRED),
    (ConditionFailed, HTTPStatus.PRECONDITION_FAILED),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (Upstream, HTTPStatus.BAD_GATEWAY),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)
_API = ("/api/", "/auth/", "/internal/", "/.well-known/")
# These two are visited by browsers although they stand under /auth.
_PAGES_IN_API = ("/auth/discord/",)


def install(app: FastAPI) -> None:
    app.add_exception_handler(FaroutError, _say_no)
    app.add_exception_handler(RequestValidationError, _say_invalid)
    app.add_exception_handler(HTTPException, _say_http)


def status_of(error: FaroutError) -> HTTPStatus:
    """Return the HTTP status of a kind of failure."""
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def wants_page(request: Request) -> bool:
    """Whether a person with a browser asks, rather than a program."""
    path: str = request.scope["path"]
    if path.startswith(_API) and not path.startswith(_PAGES_IN_API):
        return False
    return "text/html" in request.headers.get("accept", "")


async def _say_no(request: Request, error: Exception) -> Response:
    if not isinstance(error, FaroutError):
        raise error
    status = status_of(error)
    headers = _headers_for(error)
    if request.scope["path"].startswith(_PAGES_IN_API):
        # The address may hold a code and a state.
        headers["Referrer-Policy"] = "no-referrer"
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        log.info("refused", extra={"action": "request.refused", "code": error.code})
    if not wants_page(request):
        return problem(
            status,
            error.code,
            str(error),
            headers=headers,
            oauth_error=error.oauth_error,
            facts=error.facts,
        )
    if isinstance(error, EmailNotVerified):
        return RedirectResponse("/verify-email", HTTPStatus.SEE_OTHER)
    if isinstance(error, PasswordChangeRequired):
        return RedirectResponse("/password", HTTPStatus.SEE_OTHER)
    if isinstance(error, DeletionPending):
        return RedirectResponse("/account/deletion", HTTPStatus.SEE_OTHER)
    if isinstance(error, StepUpRequired):
        return RedirectResponse(sign_in_url("/step-up", _page_of(request)), HTTPStatus.SEE_OTHER)
    if isinstance(error, NotSignedIn) and request.method == "GET":
        wanted = request.scope["path"]
        return RedirectResponse(f"/sign-in?next={quote(wanted, safe='/')}", HTTPStatus.SEE_OTHER)
    return await _error_page(request, status, str(error), headers)


def _page_of(request: Request) -> str:
    """Return the page that somebody wanted, or that held the form they sent."""
    if request.method == "GET":
        return safe_next_path(request.scope["path"])
    parts = urlsplit(request.headers.get("referer", ""))
    return safe_next_path(parts.path)


async def _say_invalid(request: Request, error: Exception) -> Response:
    """Name the fields that are wrong and why; never repeat what was sent, which may be a secret."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {"field": ".".join(str(part) for part in one["loc"][1:]), "message": str(one["msg"])}
        for one in error.errors()
    ]
    fields = ", ".join(dict.fromkeys(one["field"] for one in errors if one["field"]))
    detail = f"Check these fields: {fields}." if fields else "The request's body is not valid."
    if wants_page(request):
        return await _error_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, {})
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=errors)


async def _say_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    detail = {
        HTTPStatus.NOT_FOUND: "There is nothing at this address.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method.",
    }.get(status, "The request could not be understood.")
    headers = dict(error.headers or {})
    if wants_page(request):
        return await _error_page(request, status, detail, headers)
    code = status.name.lower()
    return problem(status, code, detail, headers=headers)


def _headers_for(error: FaroutError) -> dict[str, str]:
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": error.scheme}
    if isinstance(error, TooMany | Unavailable):
        return {"Retry-After": str(error.retry_after)}
    return {}


async def _error_page(
    request: Request, status: HTTPStatus, detail: str, headers: dict[str, str]
) -> Response:
    with suppress(Unavailable):
        # The frame shows who is signed in, and whether somebody else looks through their eyes.
        await find_caller(request)
    shown = {name: value for name, value in headers.items() if name != "WWW-Authenticate"}
    response = render(request, "error.html", status=status, title=status.phrase, detail=detail)
    response.headers.update(shown)
    return response
