"""Server-rendered pages: templates, and what all of them are given."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from backend.logs import request_id
from backend.web.navigation import is_in_a_section, sections_for

_ROOT = Path(__file__).parent
STATIC = _ROOT / "static"

_templates = Environment(
    loader=FileSystemLoader(_ROOT / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Fill a template; ``identity`` is who is signed in, as far as this request has asked.

    ``permissions`` are what they may do in the community, as far as this request has asked.
    """
    path: str = request.scope["path"]
    permissions: frozenset[str] = getattr(request.state, "permissions", frozenset())
    page = _templates.get_template(template).render(
        identity=getattr(request.state, "identity", None),
        permissions=permissions,
        sections=sections_for(permissions),
        is_in_a_section=is_in_a_section(path),
        path=path,
        request_id=request_id.get(),
        page_key=secrets.token_hex(16),
        **{"refused": None, **values},
    )
    return HTMLResponse(page, status)


def sign_in_url(address: str, next_path: str) -> str:
    """Return ``address`` with the page to come back to."""
    return address if next_path == "/" else f"{address}?{urlencode({'next': next_path})}"
