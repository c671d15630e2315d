"""``farout serve``: pages and API, both sides or one."""

import os
from typing import Annotated

import typer
import uvicorn

from backend import asgi
from backend.sync import metrics


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = int(
        os.environ.get("PORT", "8000")
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes to serve with.")] = 1,
    side: Annotated[
        asgi.Side | None, typer.Option(help="One side as a service of its own; else both.")
    ] = None,
) -> None:
    """Serve pages and API."""
    # Read here too, so that bad settings end the command before a worker is started.
    asgi.read_serving(side)
    with metrics.shared_by(workers):
        uvicorn.run(
            f"backend.asgi:create_{side}" if side else "backend.asgi:create",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_config=None,
            **asgi.SERVER_OPTIONS,  # type: ignore[arg-type]
        )
