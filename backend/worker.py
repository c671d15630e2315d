"""``farout worker``: takes changes of users from the outbox to the mirror, and events to webhooks.

What it does follows from what it is given: with farout_auth it delivers to the mirror; with farout (as
farout_sync) it looks after the mirror, receives what comes through NATS, tells the webhooks, and rolls the
standings when a day has passed.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from backend.auth.outbox.actions import BATCH, deliver_due
from backend.auth.settings import AuthDatabaseSettings
from backend.bridge.auth_client import AuthClient
from backend.bridge.delivery import Transport
from backend.bridge.settings import BridgeSettings
from backend.bridge.transports.nats import NatsConsumer
from backend.bridge.users import UserDirectory
from backend.community.mirror.consumer import settle_messages
from backend.community.password_writes.actions import watch_password_writes
from backend.community.settings import SyncSettings, WebhookSettings
from backend.community.standings.actions import roll_daily
from backend.community.webhooks.worker import deliver_webhooks
from backend.database import Database, DatabaseUnavailable
from backend.errors import SettingsProblem
from backend.listener import Listener
from backend.settings import read_all, read_settings
from backend.sync.reach import make_transport, open_directory
from backend.sync.settings import WatchSettings
from backend.sync.watch import keep_watch

log = logging.getLogger(__name__)

# How often the outbox is looked at when nobody calls: for messages whose time has come.
_LOOK_SECONDS = 1.0
_WHILE_AWAY_SECONDS = 1.0
_CONNECTIONS = 2


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker was given; it needs one of the two databases at least."""

    bridge: BridgeSettings
    watch: WatchSettings
    webhooks: WebhookSettings
    auth_database_url: str | None
    sync_database_url: str | None

    @classmethod
    def read(cls) -> "WorkerSettings":
        """Read the environment; raises SettingsProblem naming what the chosen transport lacks."""
        bridge, watch, webhooks = cast(
            tuple[BridgeSettings, WatchSettings, WebhookSettings],
            read_all(BridgeSettings, WatchSettings, WebhookSettings),
        )
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
        return cls(bridge, watch, webhooks, auth, sync)


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
        bridge = self._settings.bridge
        directory = open_directory(bridge, self.auth_database)
        try:
            async with asyncio.TaskGroup() as tasks:
                for task in self._tasks(bridge, directory):
                    tasks.create_task(task)
        finally:
            if isinstance(directory, AuthClient):
                await directory.close()
            for database in (self.auth_database, self.sync_database):
                if database is not None:
                    await database.close()

    def _tasks(
        self, bridge: BridgeSettings, directory: UserDirectory | None
    ) -> Iterator[Coroutine[None, None, None]]:
        if self.auth_database is not None and self._settings.auth_database_url:
            transport = make_transport(bridge, self.sync_database)
            yield run_delivery(self.auth_database, self._settings.auth_database_url, transport)
        if self.sync_database is None or not self._settings.sync_database_url:
            return
        yield deliver_webhooks(
            self._settings.webhooks, self.sync_database, self._settings.sync_database_url
        )
        if bridge.event_transport == "nats":
            handle = partial(settle_messages, self.sync_database)
            yield NatsConsumer(bridge.nats_url.get_secret_value(), handle).run()
        yield roll_daily(self.sync_database)
        if directory is not None:
            yield keep_watch(
                self._settings.watch,
                mirror=self.sync_database,
                directory=directory,
                auth=self.auth_database,
            )


async def run_worker(settings: WorkerSettings) -> None:
    """Work until a signal says to stop; what is under way is given back."""
    task = asyncio.create_task(Worker(settings).run())
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


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
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await wake.wait()
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
