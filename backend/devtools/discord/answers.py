"""The stand-in's two formats of errors (docs: Discord facts 0, item 4)."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Exception):
    """Refused as RFC 6749 says: token and revoke."""

    def __init__(self, error: str, description: str | None = None, *, status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error}
        if description is not None:
            self.body["error_description"] = description


class ApiError(Exception):
    """Refused as the rest of Discord's API does it."""

    def __init__(
        self, status: int, code: int, message: str, errors: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code}
        if errors is not None:
            self.body["errors"] = errors


def oauth_error_response(error: OAuthError) -> JSONResponse:
    return JSONResponse(error.body, error.status, headers=NO_STORE)


def api_error_response(error: ApiError) -> JSONResponse:
    return JSONResponse(error.body, error.status)


def unauthorized() -> ApiError:
    """Return what a dead token gets, and a living one without the scope."""
    return ApiError(401, 0, "401: Unauthorized")


def invalid_field(name: str, code: str, message: str) -> ApiError:
    errors = {name: {"_errors": [{"code": code, "message": message}]}}
    return ApiError(400, 50035, "Invalid Form Body", errors)
