"""The four alerts: one message in the Discord channel when each begins, one when it ends."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.database import Database
from backend.errors import SettingsProblem
from backend.settings import read_settings
from backend.sync.alerts import Alerts
from backend.sync.discord_webhook import DiscordWebhook
from backend.sync.incidents import NAMES
from backend.sync.settings import WatchSettings
from tests.fixtures.databases import Server
from tests.fixtures.servers import free_port, serving
from tests.sync.conftest import Sides

TOKEN = "token-that-nobody-may-see"
PUBLIC_URL = "https://farout.test"


@dataclass
class Channel:
    """A Discord channel with a webhook, on a real HTTP server."""

    port: int = field(default_factory=free_port)
    messages: list[dict[str, Any]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    calls: int = 0
    answer: Response | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/webhooks/1234567890/{TOKEN}"

    @property
    def texts(self) -> list[str]:
        return [message["content"] for message in self.messages]

    async def take(self, request: Request) -> Response:
        self.calls += 1
        if self.answer is not None:
            return self.answer
        assert request.path_params["token"] == TOKEN
        self.agents.append(request.headers["user-agent"])
        self.messages.append(await request.json())
        return Response(status_code=204)


@pytest.fixture
async def channel() -> AsyncIterator[Channel]:
    channel = Channel()
    app = Starlette(
        routes=[Route("/api/webhooks/{id:int}/{token}", channel.take, methods=["POST"])]
    )
    async with serving(app, channel.port):
        yield channel


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Worker:
    """One process that looks at the alerts."""

    alerts: Alerts
    webhook: DiscordWebhook
    database: Database
    clock: Clock

    async def look(self) -> None:
        await self.alerts.look()

    async def close(self) -> None:
        await self.webhook.close()
        await self.database.close()


@pytest.fixture
async def workers(sides: Sides, channel: Channel, migrated: Server) -> AsyncIterator[list[Worker]]:
    """Three workers; to forget one and use the next is what a restart looks like."""
    started = []
    for _ in range(3):
        clock = Clock()
        webhook = DiscordWebhook(channel.url, public_url=PUBLIC_URL, clock=clock)
        database = Database(migrated.url("farout_sync", "farout"))
        alerts = Alerts(sides.auth, database, webhook, public_url=PUBLIC_URL)
        started.append(Worker(alerts, webhook, database, clock))
    yield started
    for worker in started:
        await worker.close()


CHECK = (
    "INSERT INTO sync_checks (users, missing, differing, surplus, repaired, milliseconds)"
    " VALUES (9, {}, {}, 0, 0, 1)"
)
WELL = CHECK.format(0, 0)


async def _cause(sides: Sides, name: str) -> None:
    if name == "user_missing_in_mirror":
        await sides.community_owner.execute(CHECK.format(2, 0))
    elif name == "fields_out_of_step":
        await sides.community_owner.execute(CHECK.format(0, 3))
    elif name == "delivery_failing":
        await sides.auth_owner.execute("INSERT INTO users (username) VALUES (uuidv7()::text)")
        await sides.auth_owner.execute("UPDATE outbox SET attempts = 3")
    else:
        await sides.community_owner.execute(
            "INSERT INTO audit_log (action) VALUES ('password_write.refused')"
        )


async def _mend(sides: Sides, name: str) -> None:
    if name == "delivery_failing":
        await sides.deliver()
    elif name == "password_write_attempted":
        await sides.community_owner.execute("UPDATE audit_log SET at = at - interval '61 minutes'")
    else:
        await sides.community_owner.execute(WELL)


@pytest.mark.parametrize("name", NAMES)
async def test_an_incident_is_told_once_when_it_begins_and_once_when_it_ends(
    sides: Sides, channel: Channel, workers: list[Worker], name: str
) -> None:
    first, second, _ = workers
    await first.look()
    assert channel.messages == [], "all is well"

    await _cause(sides, name)
    await first.look()
    await first.look()
    await second.look()
    assert len(channel.messages) == 1
    assert f"`{name}`" in channel.texts[0]
    assert PUBLIC_URL in channel.texts[0]
    assert channel.messages[0]["allowed_mentions"] == {"parse": []}
    assert channel.agents[0].startswith(f"DiscordBot ({PUBLIC_URL}, ")

    await _mend(sides, name)
    await second.look()
    await first.look()
    assert len(channel.messages) == 2
    assert channel.texts[1].startswith(f"**Farout: over** (`{name}`)")
    assert await sides.community_owner.fetchval("SELECT count(*) FROM incidents") == 0

    await _cause(sides, name)
    await first.look()
    assert len(channel.messages) == 3, "a second incident is another one"


async def test_many_workers_at_once_tell_it_once(
    sides: Sides, channel: Channel, workers: list[Worker]
) -> None:
    await _cause(sides, "fields_out_of_step")
    await _cause(sides, "delivery_failing")

    for _ in range(4):
        await asyncio.gather(*(worker.look() for worker in workers))

    assert len(channel.messages) == 2


async def test_a_message_that_did_not_go_out_goes_later(
    sides: Sides, channel: Channel, workers: list[Worker]
) -> None:
    worker = workers[0]
    channel.answer = JSONResponse(
        {"message": "You are being rate limited.", "retry_after": 64.57, "global": False},
        429,
        headers={"Retry-After": "65"},
    )
    await _cause(sides, "fields_out_of_step")
    await worker.look()
    assert channel.calls == 1
    channel.answer = None

    worker.clock.now += 64
    await worker.look()
    assert channel.calls == 1, "Discord said when to come again"
    worker.clock.now += 2
    await worker.look()
    assert len(channel.messages) == 1


async def test_an_edge_limit_without_json_is_waited_out(
    sides: Sides, channel: Channel, workers: list[Worker]
) -> None:
    channel.answer = Response("error code: 1015", 429, media_type="text/plain")
    await _cause(sides, "fields_out_of_step")

    await workers[0].look()
    await workers[0].look()

    assert channel.calls == 1


async def test_a_webhook_that_is_gone_is_not_called_again(
    sides: Sides, channel: Channel, workers: list[Worker]
) -> None:
    channel.answer = JSONResponse({"message": "Unknown Webhook", "code": 10015}, 404)
    await _cause(sides, "fields_out_of_step")

    await workers[0].look()
    workers[0].clock.now += 1_000_000
    await workers[0].look()

    assert channel.calls == 1
    assert await sides.community_owner.fetchval("SELECT announced_at IS NULL FROM incidents")


async def test_what_was_over_before_it_could_be_said_is_not_said(
    sides: Sides, channel: Channel, workers: list[Worker]
) -> None:
    channel.answer = Response(status_code=500)
    await _cause(sides, "fields_out_of_step")
    await workers[0].look()
    channel.answer = None
    await _mend(sides, "fields_out_of_step")
    await workers[1].look()

    assert channel.messages == []
    assert await sides.community_owner.fetchval("SELECT count(*) FROM incidents") == 0


async def test_an_end_is_said_although_discord_was_away_for_a_while(
    sides: Sides, channel: Channel, workers: list[Worker]
) -> None:
    await _cause(sides, "fields_out_of_step")
    await workers[0].look()
    channel.answer = Response(status_code=503)
    await _mend(sides, "fields_out_of_step")
    await workers[0].look()
    channel.answer = None
    workers[0].clock.now += 60
    await workers[0].look()

    assert len(channel.messages) == 2
    assert "over" in channel.texts[1]


async def test_auth_out_of_reach_ends_no_incident(
    sides: Sides, channel: Channel, workers: list[Worker]
) -> None:
    await _cause(sides, "delivery_failing")
    await workers[0].look()
    nowhere = Database("postgresql://farout_auth_service:x@127.0.0.1:1/farout_auth")
    blind = Alerts(nowhere, sides.mirror, workers[0].webhook, public_url=PUBLIC_URL)

    await blind.look()
    await nowhere.close()

    assert len(channel.messages) == 1
    assert await sides.community_owner.fetchval("SELECT count(*) FROM incidents") == 1


async def test_without_a_webhook_incidents_are_kept_all_the_same(sides: Sides) -> None:
    silent = Alerts(sides.auth, sides.mirror, None, public_url=PUBLIC_URL)
    await _cause(sides, "fields_out_of_step")
    await silent.look()
    assert await sides.community_owner.fetchval("SELECT name FROM incidents") == (
        "fields_out_of_step"
    )
    await _mend(sides, "fields_out_of_step")
    await silent.look()
    assert await sides.community_owner.fetchval("SELECT count(*) FROM incidents") == 0


async def test_the_address_is_told_to_nobody(
    sides: Sides, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    nobody = channel.url.replace(str(channel.port), str(free_port()))
    await _cause(sides, "fields_out_of_step")
    for url in (channel.url, nobody):
        webhook = DiscordWebhook(url, public_url=PUBLIC_URL)
        channel.answer = Response(status_code=400)
        await Alerts(sides.auth, sides.mirror, webhook, public_url=PUBLIC_URL).look()
        await webhook.close()
    with pytest.raises(SettingsProblem) as problem:
        read_settings(WatchSettings, alert_webhook_url=f"ftp://{TOKEN}", _env_file=None)

    # The channel's own server logs what it is asked for.
    said = [str(vars(one)) for one in caplog.records if not one.name.startswith("uvicorn")]
    assert any("Discord answered 400" in one for one in said)
    assert any("Discord cannot be reached" in one for one in said)
    assert not any(TOKEN in one for one in said)
    assert TOKEN not in str(problem.value)
    settings = WatchSettings(_env_file=None, alert_webhook_url=channel.url)
    assert TOKEN not in repr(settings)


GOOD = "https://discord.com/api/webhooks/123/abc-DEF_1"


@pytest.mark.parametrize(
    ("url", "environment", "is_accepted"),
    [
        (GOOD, "production", True),
        ("https://canary.discord.com/api/v10/webhooks/1/x?thread_id=5", "production", True),
        ("http://127.0.0.1:9/api/webhooks/1/x", "development", True),
        ("http://127.0.0.1:9/api/webhooks/1/x", "production", False),
        ("http://discord.com/api/webhooks/1/x", "development", False),
        ("https://discord.com.example.org/api/webhooks/1/x", "production", False),
        ("https://discord.com@example.org/api/webhooks/1/x", "production", False),
        ("https://discord.com/channels/1/2", "production", False),
        ("https://discord.com:port/api/webhooks/1/x", "production", False),
    ],
)
def test_only_a_discord_webhook_is_accepted(url: str, environment: str, is_accepted: bool) -> None:
    given: dict[str, Any] = {
        "alert_webhook_url": url,
        "environment": environment,
        "public_url": PUBLIC_URL,
        "_env_file": None,
    }
    if is_accepted:
        assert read_settings(WatchSettings, **given).alert_webhook_url.get_secret_value() == url
    else:
        with pytest.raises(SettingsProblem, match="ALERT_WEBHOOK_URL must look like"):
            read_settings(WatchSettings, **given)
