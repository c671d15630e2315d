"""`farout community webhooks` and `farout doctor` as an operator sees them."""

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from backend.community.webhooks.delivery import Courier
from backend.community.webhooks.signing import unseal
from backend.devtools.discord.seeds import NOVA_ID
from backend.key_ring import KeyRing
from tests.fixtures.application import KEY
from tests.fixtures.community import People
from tests.fixtures.databases import Connection, Server
from tests.fixtures.webhooks import Answer, Receiver, add_items, make_webhook

ROOT = Path(__file__).parents[2]
Run = Callable[..., Awaitable[subprocess.CompletedProcess[str]]]
OTHER_KEY = "new:" + base64.b64encode(os.urandom(32)).decode()
NOBODY = "00000000-0000-7000-8000-000000000000"
GIVE_UP = "UPDATE webhook_deliveries SET given_up_at = now()"


@pytest.fixture
def farout_at_a_shell(migrated: Server) -> Run:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": migrated.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
        "COMMUNITY_KEYS": KEY,
    }

    async def run(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "backend", *arguments],
            env=environment | changed, capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip

    return run


@pytest.fixture
async def hook(people: People, receiver: Receiver) -> dict[str, Any]:
    """A webhook whose receiver may hold a secret in its address."""
    admin = await people.sign_in(NOVA_ID, role="admin")
    made = await make_webhook(admin, f"{receiver.url}?token=hush", "item.added")
    await add_items(admin, 2)
    return made


async def test_the_list_says_how_each_stands_and_no_secret(
    hook: dict[str, Any], farout_at_a_shell: Run, community_owner: Connection
) -> None:
    waiting = await farout_at_a_shell("community", "webhooks", "list")
    assert waiting.returncode == 0, waiting.stderr
    assert f"{hook['id']}  127.0.0.1: enabled, 2 waiting, 0 given up" in waiting.stdout

    await community_owner.execute(GIVE_UP)
    disable = "UPDATE webhook_endpoints SET disabled_at = now(), disabled_because = 'by_hand'"
    await community_owner.execute(disable)
    over = await farout_at_a_shell("community", "webhooks", "list")
    assert "disabled (by_hand), 0 waiting, 2 given up" in over.stdout
    assert "hush" not in waiting.stdout + over.stdout
    assert hook["secret"] not in waiting.stdout + over.stdout


async def test_what_was_given_up_is_sent_again_and_audited(
    hook: dict[str, Any], farout_at_a_shell: Run, community_owner: Connection, people: People,
    courier: Courier, receiver: Receiver,
) -> None:  # fmt: skip
    await community_owner.execute(GIVE_UP)
    await people.audited()

    done = await farout_at_a_shell("community", "webhooks", "replay", hook["id"])

    assert (done.returncode, done.stdout) == (0, "2 deliveries set out again.\n")
    assert await people.audited() == ["webhook.replayed"]
    receiver.judge = lambda _: Answer()
    assert await courier.deliver_due() == 2
    assert [request.verified_with(hook["secret"])["type"] for request in receiver.requests] == [
        "item.added"
    ] * 2
    nobody = await farout_at_a_shell("community", "webhooks", "replay", NOBODY)
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert nobody.stderr.startswith("farout: ")


async def test_after_encrypting_anew_the_old_key_may_go(
    hook: dict[str, Any], farout_at_a_shell: Run, community_owner: Connection
) -> None:
    without = await farout_at_a_shell(
        "community", "webhooks", "reencrypt", COMMUNITY_KEYS=OTHER_KEY
    )
    assert without.returncode == 1
    assert "nothing changed" in without.stdout
    assert "Traceback" not in without.stderr

    both = f"{OTHER_KEY},{KEY}"
    done = await farout_at_a_shell("community", "webhooks", "reencrypt", COMMUNITY_KEYS=both)

    assert done.returncode == 0, done.stderr
    assert "1 webhooks are encrypted with the first key" in done.stdout
    row = await community_owner.fetchrow("SELECT id, secret FROM webhook_endpoints")
    assert row is not None
    assert unseal(KeyRing.parse(OTHER_KEY), row["id"], row["secret"]) == hook["secret"]


async def test_the_doctor_tries_the_keys_of_the_webhooks(
    hook: dict[str, Any], farout_at_a_shell: Run
) -> None:
    well = await farout_at_a_shell("doctor")
    assert "ok     COMMUNITY_KEYS reads the secrets of all webhooks, 1" in well.stdout

    for keys in (OTHER_KEY, ""):
        ill = await farout_at_a_shell("doctor", COMMUNITY_KEYS=keys)
        assert "WRONG  The secrets of 1 of 1 webhooks cannot be read" in ill.stdout
        assert ill.returncode == 1
    assert "note   COMMUNITY_KEYS is not set" in ill.stdout


async def test_the_doctor_misses_what_two_services_sign_events_with(
    farout_at_a_shell: Run,
) -> None:
    there = {"AUTH_SERVICE_URL": "http://127.0.0.1:9", "AUTH_SERVICE_API_KEY": os.urandom(32).hex()}
    secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()

    without = await farout_at_a_shell("doctor", **there)
    signed = await farout_at_a_shell("doctor", **there, WEBHOOK_SECRETS=secret)

    assert "note   WEBHOOK_SECRETS is not set, and there are two services" in without.stdout
    assert "ok     WEBHOOK_SECRETS holds 1; the first one signs" in signed.stdout
    assert secret not in signed.stdout
