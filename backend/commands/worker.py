"""``farout worker``: what has to happen, though nobody asks for it."""

import asyncio

from backend import logs
from backend.worker import WorkerSettings, run_worker


def worker() -> None:
    """Take changes of users to the mirror; any number of workers may run at once."""
    settings = WorkerSettings.read()
    logs.configure("json" if settings.bridge.environment == "production" else "text")
    asyncio.run(run_worker(settings))
