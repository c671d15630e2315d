"""Problem documents (RFC 9457): the one form in which the API says no."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse

from backend.logs import request_id

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """Why a request was refused; `code` is stable, the texts are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    errors: list[FieldProblem] | None = None
    error: str | None = None
    """At the token endpoints: the error code of OAuth (RFC 6749 5.2)."""


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
    oauth_error: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """Build a problem document; ``code`` is what clients may rely on, ``detail`` is for people.

    ``facts`` are further members of this kind of problem (RFC 9457 3.2).
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id.get(),
    }
    if errors is not None:
        body["errors"] = list(errors)
    if oauth_error is not None:
        body["error"] = oauth_error
    body |= facts or {}
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)
