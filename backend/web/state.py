"""What every request can reach on the app, with its type."""

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from backend.bridge.identity import IdentifyCaller
from backend.settings import SharedSettings
from backend.web.cookies import Cookies


@dataclass(frozen=True)
class Web:
    """The parts that both sides' endpoints share."""

    settings: SharedSettings
    cookies: Cookies
    identify: IdentifyCaller
    # SHA-256 of the keys that internal routes take; see web/internal_token.py.
    internal_keys: tuple[bytes, ...] = ()


def web_of(request: HTTPConnection) -> Web:
    return cast(Web, request.app.state.web)
