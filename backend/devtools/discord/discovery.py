"""The small OpenID document that Discord publishes (docs: Discord facts 1.10)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.devtools.discord.state import state_of


async def show_configuration(request: Request) -> Response:
    settings = state_of(request).settings
    base = f"{request.url.scheme}://{request.url.netloc}{settings.prefix}"
    return JSONResponse(
        {
            "issuer": settings.issuer,
            "authorization_endpoint": f"{base}/api/oauth2/authorize",
            "token_endpoint": f"{base}/api/oauth2/token",
            "response_types_supported": ["code"],
            "authorization_response_iss_parameter_supported": True,
        }
    )


routes = [Route("/.well-known/openid-configuration", show_configuration)]
