"""Ten thousand changes over a bad wire, with processes killed in the middle of it."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from backend.auth.outbox.queries import FAILING_AFTER
from backend.auth.users.directory import Directory
from backend.community.mirror.reconcile import reconcile
from backend.database import Database
from tests.fixtures.application import KEY
from tests.fixtures.bad_wire import BadWire
from tests.fixtures.databases import Connection, Server
from tests.fixtures.mirror import in_step
from tests.fixtures.servers import FaroutProcess, free_port
from tests.mirror.test_webhooks import NEW

WRITERS = 20
CHANGES = 10_000
KILLS = 20

# Written by the owner's trigger, so that the proof does not depend on what it proves.
LOG_EFFECTS = """
CREATE TABLE effects (at bigint GENERATED ALWAYS AS IDENTITY, user_id bigint, before bigint, after bigint);
CREATE FUNCTION log_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO effects (user_id, before, after) VALUES (
        NEW.user_id, CASE TG_OP WHEN 'UPDATE' THEN OLD.version END, NEW.version
    );
    RETURN NULL;
END
$$;
CREATE TRIGGER userbase_log_effect AFTER INSERT OR UPDATE ON userbase
FOR EACH ROW EXECUTE FUNCTION log_effect();
"""
FORGET_EFFECTS = (
    "DROP TRIGGER userbase_log_effect ON userbase; DROP FUNCTION log_effect; DROP TABLE effects"
)


@pytest.fixture
async def effects(community_owner: Connection, empty_databases: None) -> AsyncIterator[None]:
    await community_owner.execute(LOG_EFFECTS)
    yield
    await community_owner.execute(FORGET_EFFECTS)


@dataclass
class Scene:
    """A worker and a receiver as processes, with a bad wire between them."""

    worker: FaroutProcess
    receiver: FaroutProcess
    wire: BadWire

    async def kill_and_restart(self, process: FaroutProcess) -> None:
        process.kill()
        await process.gone()
        await process.start()


@pytest.fixture
async def scene(migrated: Server, effects: None) -> AsyncIterator[Scene]:
    port = free_port()
    wire = BadWire(f"http://127.0.0.1:{port}", seed=20)
    shared = {
        "WEBHOOK_SECRETS": NEW,
        "EVENT_TRANSPORT": "webhook",
        "COMMUNITY_SERVICE_URL": wire.url,
    }
    receiver = FaroutProcess(
        {
            **shared,
            "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth"),
            "DATABASE_URL": migrated.url("farout_app", "farout"),
            "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
            "DISCORD_CLIENT_ID": "1",
            "DISCORD_CLIENT_SECRET": "x",
            "ENCRYPTION_KEYS": KEY,
        },
        port,
    )
    worker = FaroutProcess(
        {**shared, "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth")},
        command="worker",
        ready=b"delivering",
    )
    async with wire.open():
        await asyncio.gather(receiver.start(), worker.start())
        yield Scene(worker, receiver, wire)
        for process in (worker, receiver):
            process.kill()
            await process.gone()


async def _write(migrated: Server, number: int, changes: int) -> None:
    """Make, change, ban and delete users as one of many writers, in small transactions."""
    dice = random.Random(number)  # noqa: S311 - the same every time
    connection = await asyncpg.connect(migrated.url("farout_auth_service", "farout_auth"))
    mine: list[int] = []
    for step in range(changes):
        pick = dice.random()
        if not mine or pick < 0.15:
            name = f"writer-{number}-{step}"
            mine.append(
                await connection.fetchval(
                    "INSERT INTO users (username, discord_id) VALUES ($1, $2) RETURNING id",
                    name, str(10**16 + number * 10**6 + step),
                )
            )  # fmt: skip
        elif pick < 0.2:
            await connection.execute(
                "DELETE FROM users WHERE id = $1", mine.pop(dice.randrange(len(mine)))
            )
        elif pick < 0.3:
            await connection.execute(
                "UPDATE account_security SET banned_at = now(), ban_reason = $2 WHERE user_id = $1",
                dice.choice(mine), f"reason {step}",
            )  # fmt: skip
        else:
            await connection.execute(
                "UPDATE users SET username = $2, email = $3, role = $4, is_active = $5 WHERE id = $1",
                dice.choice(mine), f"writer-{number}-{step}", f"{number}.{step}@example.org",
                dice.choice(["member", "officer"]), dice.random() < 0.9,
            )  # fmt: skip
    await connection.close()


@pytest.mark.slow
async def test_nothing_is_lost_doubled_or_taken_back_by_any_fault(
    migrated: Server,
    scene: Scene,
    auth_owner: Connection,
    community_owner: Connection,
    auth_database: Database,
    sync_database: Database,
) -> None:
    async def kill_now_and_then() -> None:
        for _ in range(KILLS):
            await asyncio.gather(
                scene.kill_and_restart(scene.worker), scene.kill_and_restart(scene.receiver)
            )

    await asyncio.gather(
        kill_now_and_then(),
        *(_write(migrated, number, CHANGES // WRITERS) for number in range(WRITERS)),
    )
    await _delivered(auth_owner)

    assert await in_step(auth_owner, community_owner)
    assert await _effects_that_are_wrong(community_owner) == []
    assert scene.wire.lost > 100
    assert scene.wire.repeated > 100

    await community_owner.execute("TRUNCATE userbase")
    rebuilt = await reconcile(sync_database, Directory(auth_database))
    assert rebuilt.repaired == rebuilt.users
    assert await in_step(auth_owner, community_owner)
    print(  # noqa: T201 - the figures of the proof
        f"\nlost {scene.wire.lost}, repeated {scene.wire.repeated}, passed {scene.wire.passed},"
        f" kills {2 * KILLS}"
    )


async def _delivered(auth: Connection) -> None:
    """Wait until the outbox is empty; an event that waits long is called at once."""
    async with asyncio.timeout(240):
        while await auth.fetchval("SELECT count(*) FROM outbox WHERE dead_at IS NULL"):
            await auth.execute(
                "UPDATE outbox SET next_attempt_at = now()"
                f" WHERE attempts >= {FAILING_AFTER} AND next_attempt_at > now() + interval '1 second'"
            )
            await asyncio.sleep(0.2)
    assert await auth.fetchval("SELECT count(*) FROM outbox") == 0


async def _effects_that_are_wrong(community: Connection) -> list[asyncpg.Record]:
    """Return writes of the mirror that repeat one or go back."""
    wrong: list[asyncpg.Record] = await community.fetch("""
        SELECT user_id, before, after FROM effects WHERE before >= after
        UNION ALL
        SELECT user_id, NULL, after FROM effects GROUP BY user_id, after HAVING count(*) > 1
    """)
    return wrong
