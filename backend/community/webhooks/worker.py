"""What a worker does for webhooks until it is cancelled: send, and clear away what has had its time."""

import asyncio
import contextlib
import logging
from uuid import UUID

from backend.community.settings import WebhookSettings
from backend.community.webhooks.delivery import Courier
from backend.community.webhooks.retention import sweep
from backend.community.webhooks.rules import Rules
from backend.community.webhooks.sending import Sender
from backend.database import Database
from backend.errors import Unavailable
from backend.listener import Listener

log = logging.getLogger(__name__)

# How often the queue is looked at when nobody calls: for what is due again.
_LOOK_SECONDS = 1.0
_WHILE_AWAY_SECONDS = 1.0
_SWEEP_SECONDS = 3600.0
# Longer than a request may take, and shorter than what a container is given to stop.
_FINISH_SECONDS = 15.0


async def deliver_webhooks(settings: WebhookSettings, database: Database, url: str) -> None:
    """Tell the endpoints of events, at once when one is committed; any number of workers may.

    When it is cancelled, what is being sent comes to its end first: a request that is cut off is sent
    a second time by somebody else.
    """
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_sweep_hourly(database, settings.webhook_log_days))
        rules = Rules.of(settings)
        if rules.ring is None:
            log.info("webhooks are off: no COMMUNITY_KEYS", extra={"action": "webhooks.off"})
            return
        sender = Sender(rules.targets)
        try:
            await _keep_delivering(url, Courier(database, sender, rules.ring))
        finally:
            await sender.close()


async def _keep_delivering(url: str, courier: Courier) -> None:
    wake = asyncio.Event()
    listener = Listener(url, "farout_webhooks", lambda _: wake.set(), heartbeat_seconds=10)
    listener.start()
    log.info("sending webhooks", extra={"action": "webhooks.ready"})
    served = _Round(courier)
    try:
        await _look_again_and_again(courier, wake, served)
    finally:
        await listener.close()
        await served.finish()


class _Round:
    """The endpoints that this worker serves at the moment, each by a task of its own."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._served: dict[UUID, asyncio.Task[None]] = {}

    def begin(self, endpoint_id: UUID) -> None:
        if endpoint_id not in self._served:
            self._served[endpoint_id] = asyncio.create_task(self._serve_one(endpoint_id))

    async def finish(self) -> None:
        """Begin nothing new, and wait for what is being sent."""
        self._courier.stop()
        under_way = list(self._served.values())
        if not under_way:
            return
        log.info("finishing", extra={"action": "webhooks.finishing", "endpoints": len(under_way)})
        _, late = await asyncio.wait(under_way, timeout=_FINISH_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _serve_one(self, endpoint_id: UUID) -> None:
        try:
            await self._courier.serve(endpoint_id)
        except Unavailable:
            await asyncio.sleep(_WHILE_AWAY_SECONDS)
        except Exception:
            # What was claimed is free again in a moment, and the others go on.
            log.exception("webhooks could not be delivered", extra={"action": "webhooks.failed"})
            await asyncio.sleep(_WHILE_AWAY_SECONDS)
        finally:
            del self._served[endpoint_id]


async def _look_again_and_again(courier: Courier, wake: asyncio.Event, served: _Round) -> None:
    while True:
        wake.clear()
        try:
            for endpoint_id in await courier.due():
                served.begin(endpoint_id)
        except Unavailable:
            log.warning("farout is away", extra={"action": "webhooks.waiting"})
            await asyncio.sleep(_WHILE_AWAY_SECONDS)
            continue
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await wake.wait()


async def _sweep_hourly(database: Database, days: int) -> None:
    while True:
        try:
            await sweep(database, days=days)
        except Unavailable:
            log.warning("farout is away", extra={"action": "webhooks.sweep_waiting"})
        except Exception:
            log.exception("the sweep failed", extra={"action": "webhooks.sweep_failed"})
        await asyncio.sleep(_SWEEP_SECONDS)
