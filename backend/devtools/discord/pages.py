"""What a person sees: plain HTML forms that work without JavaScript."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from backend.devtools.discord import authorization
from backend.devtools.discord.authorization import ErrorPageError
from backend.devtools.discord.people import avatar_path
from backend.devtools.discord.scopes import describe
from backend.devtools.discord.settings import APPLICATION_NAME, StandinSettings
from backend.devtools.discord.state import state_of

HERE = Path(__file__).parent
COOKIE = "standin_person"
STYLES = (HERE / "static" / "standin.css").read_text(encoding="utf-8")
TEMPLATES = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
TEMPLATES.globals |= {"avatar_path": avatar_path, "application_name": APPLICATION_NAME}


async def ask(request: Request) -> Response:
    """Show the page, unless the person agreed before and need not be asked again."""
    state = state_of(request)
    asked = authorization.read_request(state, request.url.query)
    known = request.cookies.get(COOKIE)
    if known is not None and authorization.agreed_before(state, asked, known):
        return RedirectResponse(authorization.authorize(state, asked, known), 302)
    return render(
        state.settings,
        "authorize.html",
        people=state.people.values(),
        scopes=describe(asked.scopes),
        params=parse_qsl(request.url.query, keep_blank_values=True),
        callback_host=urlsplit(asked.redirect_uri).netloc,
    )


async def decide(request: Request) -> Response:
    """Take the decision and send the browser back to the application."""
    state = state_of(request)
    form = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
    chosen = {name: value for name, value in form if name in ("person", "decision")}
    params = [(name, value) for name, value in form if name not in chosen]
    asked = authorization.read_request(state, urlencode(params))
    if chosen.get("decision") == "cancel":
        return RedirectResponse(authorization.cancel(state, asked), 303)
    if chosen.get("decision") != "authorize":
        raise ErrorPageError("Choose Authorize or Cancel.")
    person_id = chosen.get("person", "")
    response = RedirectResponse(authorization.authorize(state, asked, person_id), 303)
    path = state.settings.prefix or "/"
    response.set_cookie(COOKIE, person_id, path=path, httponly=True, samesite="lax")
    return response


async def move_along(request: Request) -> Response:
    """Send browsers on from the address that older documentation names."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{state_of(request).settings.prefix}/oauth2/authorize{query}", 302)


async def show_styles(_: Request) -> Response:
    return Response(STYLES, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


def error_page(settings: StandinSettings, message: str, status: int = 400) -> Response:
    return render(settings, "error.html", status, message=message)


def render(settings: StandinSettings, name: str, status: int = 200, **values: Any) -> Response:
    html = TEMPLATES.get_template(name).render(prefix=settings.prefix, **values)
    return HTMLResponse(html, status, headers=page_headers(settings))


def page_headers(settings: StandinSettings) -> dict[str, str]:
    """Allow nothing but our own styles and pictures, and forms that lead to the application.

    Browsers apply ``form-action`` to the redirect after a form as well.
    """
    origins = sorted({"://".join(urlsplit(uri)[:2]) for uri in settings.redirect_uris})
    form_action = " ".join(["'self'", *origins, "http://localhost:*", "http://127.0.0.1:*"])
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {form_action}"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


routes = [
    Route("/oauth2/authorize", ask, methods=["GET"]),
    Route("/oauth2/authorize", decide, methods=["POST"]),
    Route("/api/oauth2/authorize", move_along),
    Route("/static/standin.css", show_styles),
]
