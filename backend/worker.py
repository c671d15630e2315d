"""``farout worker``: takes changes of users from the outbox to the mirror, by any transport.

What it does follows from what it is given: with farout_auth it delivers, with farout (as farout_sync) it
receives what comes through NATS.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from backend.auth.outbox.actions import BATCH, deliver_due
from backend.auth.settings import AuthDatabaseSettings
from backend.bridge.delivery import Transport
from backend.bridge.settings import BridgeSettings
from backend.bridge.transports.direct import DirectTransport
from backend.bridge.transports.nats import NatsConsumer, NatsTransport
from backend.bridge.transports.webhook import WebhookTransport
from backend.community.mirror.actions import apply_events
from backend.community.mirror.consumer import settle_messages
from backend.community.password_writes.actions import watch_password_writes
from backend.community.settings import SyncSettings
from backend.database import Database, DatabaseUnavailable
from backend.listener import Listener
from backend.settings import SettingsProblem, read_settings

log = logging.getLogger(__name__)

# How often the outbox is looked at when nobody calls: for messages whose time has come.
_LOOK_SECONDS = 1.0
_WHILE_AWAY_SECONDS = 1.0
_CONNECTIONS = 2


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker was given; it needs one of the two databases at least."""

    bridge: BridgeSettings
    auth_database_url: str | None
    sync_database_url: str | None

    @classmethod
    def read(cls) -> "WorkerSettings":
        """Read the environment; raises SettingsProblem naming what the chosen transport lacks."""
        bridge = read_settings(BridgeSettings)
        auth, auth_problems = _read_url(AuthDatabaseSettings, "auth_database_url")
        sync, sync_problems = _read_url(SyncSettings, "sync_database_url")
        problems: list[str] = []
        if bridge.event_transport == "direct":
            problems = [*auth_problems, *sync_problems]
        elif bridge.event_transport == "webhook":
            problems = [*auth_problems]
            if not bridge.community_service_url:
                problems.append(
                    "COMMUNITY_SERVICE_URL is not set, and EVENT_TRANSPORT webhook needs it."
                )
        elif auth is None and sync is None:
            problems = [*auth_problems, *sync_problems]
        if problems:
            raise SettingsProblem(problems)
        return cls(bridge, auth, sync)


def _read_url(
    kind: type[AuthDatabaseSettings] | type[SyncSettings], name: str
) -> tuple[str | None, Sequence[str]]:
    try:
        return getattr(read_settings(kind), name), ()
    except SettingsProblem as problem:
        return None, problem.problems


class Worker:
    """Runs until cancelled; any number of workers may run at once."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self.auth_database = _database(settings.auth_database_url)
        self.sync_database = _database(settings.sync_database_url)
        if self.sync_database is not None:
            watch_password_writes(self.sync_database, role="farout_sync")

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                if self.auth_database is not None and self._settings.auth_database_url:
                    tasks.create_task(
                        run_delivery(
                            self.auth_database,
                            self._settings.auth_database_url,
                            make_transport(self._settings.bridge, self.sync_database),
                        )
                    )
                if self._settings.bridge.event_transport == "nats" and self.sync_database:
                    consumer = NatsConsumer(
                        self._settings.bridge.nats_url.get_secret_value(),
                        partial(settle_messages, self.sync_database),
                    )
                    tasks.create_task(consumer.run())
        finally:
            for database in (self.auth_database, self.sync_database):
                if database is not None:
                    await database.close()


async def run_worker(settings: WorkerSettings) -> None:
    """Work until a signal says to stop; what is under way is given back."""
    task = asyncio.create_task(Worker(settings).run())
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def make_transport(settings: BridgeSettings, sync_database: Database | None) -> Transport:
    """Return the transport that the settings ask for."""
    if settings.event_transport == "webhook":
        return WebhookTransport(settings.community_service_url, settings.secrets)
    if settings.event_transport == "nats":
        return NatsTransport(settings.nats_url.get_secret_value())
    if sync_database is None:
        raise SettingsProblem(
            ["SYNC_DATABASE_URL is not set, and EVENT_TRANSPORT direct needs it."]
        )
    return DirectTransport(partial(apply_events, sync_database))


async def run_delivery(database: Database, url: str, transport: Transport) -> None:
    """Deliver what the outbox holds, at once when something is written to it, until cancelled."""
    wake = asyncio.Event()
    listener = Listener(url, "farout_outbox", lambda _: wake.set(), heartbeat_seconds=10)
    listener.start()
    log.info("delivering", extra={"action": "worker.ready", "transport": type(transport).__name__})
    try:
        while True:
            wake.clear()
            if await _deliver(database, transport) == BATCH:
                continue
            try:
                await asyncio.wait_for(wake.wait(), _LOOK_SECONDS)
            except TimeoutError:
                continue
    finally:
        await listener.close()
        await transport.close()


async def _deliver(database: Database, transport: Transport) -> int:
    try:
        return await deliver_due(database, transport)
    except DatabaseUnavailable:
        log.warning("farout_auth is away", extra={"action": "worker.waiting"})
        await asyncio.sleep(_WHILE_AWAY_SECONDS)
        return 0


def _database(url: str | None) -> Database | None:
    return Database(url, pool_size=_CONNECTIONS) if url else None
