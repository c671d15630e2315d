"""Routes for the busiest addresses."""

from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute


class DirectRoute(APIRoute):
    """Calls its endpoint with the request alone and sends the response that it returns.

    Documented like any other route; what it saves is FastAPI's solving of dependencies and its
    models, which cost more than the session check itself (docs/decisions/0003).
    """

    def get_route_handler(self) -> Callable[..., Any]:
        return self.endpoint
