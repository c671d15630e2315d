"""What the worker does beside delivering: reconcile from time to time, and raise the alerts."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

from prometheus_client import start_http_server

from backend.bridge.users import UserDirectory
from backend.community.mirror.errors import ReconcileRunning
from backend.community.mirror.queries import find_last_check
from backend.community.mirror.reconcile import reconcile
from backend.database import Database
from backend.errors import Unavailable
from backend.sync.alerts import Alerts
from backend.sync.discord_webhook import DiscordWebhook
from backend.sync.settings import WatchSettings

log = logging.getLogger(__name__)

_ALERT_SECONDS = 15.0
# After one that failed, and between two looks at whether another worker was quicker.
_AGAIN_SECONDS = 30.0


async def keep_watch(
    settings: WatchSettings,
    *,
    mirror: Database,
    directory: UserDirectory,
    auth: Database | None,
    alert_seconds: float = _ALERT_SECONDS,
) -> None:
    """Reconcile and alert until cancelled; ``auth`` is None where only its service is in reach.

    Any number of workers may do this at once: together they do it once.
    """
    url = settings.alert_webhook_url.get_secret_value()
    webhook = DiscordWebhook(url, public_url=settings.public_url) if url else None
    alerts = Alerts(auth, mirror, webhook, public_url=settings.public_url)

    async def look() -> float:
        await alerts.look()
        return alert_seconds

    async def compare() -> float:
        return await _reconcile_if_due(mirror, directory, settings.sync_reconcile_minutes * 60.0)

    with _metrics(settings.worker_metrics_port):
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_repeat(look, "alerts", alert_seconds))
                tasks.create_task(_repeat(compare, "reconcile", _AGAIN_SECONDS))
        finally:
            if webhook is not None:
                await webhook.close()


async def _reconcile_if_due(
    mirror: Database, directory: UserDirectory, every_seconds: float
) -> float:
    """Reconcile unless somebody did so lately; returns the seconds until it may be due again."""
    due_in = await _due_in(mirror, every_seconds)
    if due_in > 0:
        return min(due_in, every_seconds)
    try:
        await reconcile(mirror, directory)
    except ReconcileRunning:
        return _AGAIN_SECONDS
    return every_seconds


async def _due_in(mirror: Database, every_seconds: float) -> float:
    async with mirror.transaction() as db:
        last = await find_last_check(db)
    if last is None:
        return 0
    return every_seconds - (datetime.now(UTC) - last.finished_at).total_seconds()


async def _repeat(step: Callable[[], Awaitable[float]], name: str, again_seconds: float) -> None:
    """Take a step again and again; nothing that fails in one ends the watch."""
    while True:
        try:
            pause = await step()
        except Unavailable as error:
            log.warning("not now", extra={"action": f"watch.{name}", "reason": str(error)})
            pause = again_seconds
        except Exception:
            log.exception("unexpected failure", extra={"action": f"watch.{name}"})
            pause = again_seconds
        await asyncio.sleep(pause)


@contextlib.contextmanager
def _metrics(port: int) -> Iterator[None]:
    """Serve what this process counts, for Prometheus on the inner network."""
    if not port:
        yield
        return
    server, thread = start_http_server(port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
