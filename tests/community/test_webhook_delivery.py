"""Events on their way to webhooks: signed, once, in spite of receivers that fail, and holding up nobody."""

import asyncio
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from backend.community.audit.actions import record
from backend.community.audit.origin import AT_A_SHELL
from backend.community.webhooks.delivery import Courier
from backend.community.webhooks.outcomes import RETRIES
from backend.community.webhooks.retention import sweep
from backend.community.webhooks.sending import Sender
from backend.database import Database
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from backend.key_ring import KeyRing
from tests.fixtures.application import KEY, Browser, Farout, one_row
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.servers import free_port, serving
from tests.fixtures.webhooks import (
    ON_LOOPBACK,
    Answer,
    Receiver,
    add_items,
    make_webhook,
)

NOW = (
    "UPDATE webhook_deliveries SET next_attempt_at = now();"
    " UPDATE webhook_endpoints SET resting_until = now()"
)


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


class ChangedMind(Exception):
    """Raised after everything was written."""


async def change_and_roll_back(database: Database) -> None:
    async with database.transaction() as db:
        record(db, "item.added", actor=None, origin=AT_A_SHELL, item="x")
        await db.flush()
        raise ChangedMind


async def deliveries(admin: Browser, hook: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await admin.get(f"/api/webhooks/{hook['id']}/deliveries")
    return list(answer.json()["items"])


async def log_of(admin: Browser, delivery: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await admin.get(f"/api/webhook-deliveries/{delivery['id']}")
    return list(answer.json()["log"])


async def test_what_was_committed_arrives_signed_and_is_logged(
    admin: Browser, receiver: Receiver, courier: Courier
) -> None:
    hook = await make_webhook(admin, receiver.url)
    receiver.judge = lambda _: Answer(200, body=b"thanks")
    made = await admin.post("/api/items", json={"name": "Radio"})

    assert await courier.deliver_due() == 1

    payload = receiver.requests[0].verified_with(hook["secret"])
    [delivery] = await deliveries(admin, hook)
    assert payload == {
        "id": delivery["event_id"],
        "type": "item.added",
        "timestamp": delivery["occurred_at"],
        "data": {"item": made.json()["id"]},
    }
    assert receiver.ids == [delivery["event_id"]]
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
    [attempt] = await log_of(admin, delivery)
    assert (attempt["status"], attempt["answer"], attempt["error"]) == (200, "thanks", None)
    assert await courier.deliver_due() == 0


async def test_another_secret_or_a_changed_body_does_not_verify(
    admin: Browser, receiver: Receiver, courier: Courier
) -> None:
    await make_webhook(admin, receiver.url)
    other = await make_webhook(admin, "http://127.0.0.1:1024/")
    await add_items(admin)
    await courier.deliver_due()

    with pytest.raises(WebhookVerificationError):
        receiver.requests[0].verified_with(other["secret"])


async def test_nothing_is_sent_of_what_was_rolled_back(
    admin: Browser, people: People, farout: Farout, receiver: Receiver, courier: Courier,
    community_owner: Connection,
) -> None:  # fmt: skip
    await make_webhook(admin, receiver.url)
    with pytest.raises(ChangedMind):
        await change_and_roll_back(farout.community.database)
    # This one writes everything, and then sees that it may not.
    await people.sign_in(COSMO_ID)
    change = {"rank": "captain", "reason": "x"}
    made = await admin.post(f"/api/members/{COSMO_ID}/rank-changes", json=change)
    officer = await people.sign_in(COSMO_ID, role="officer")
    undo = f"/api/rank-changes/{made.json()['change']['id']}/undo"
    assert (await officer.post(undo, json={"reason": "x"})).status_code == 403

    assert await courier.deliver_due() == 1

    assert receiver.types == ["member.rank_changed"]
    assert await community_owner.fetchval("SELECT count(*) FROM events") == 1


async def test_a_webhook_is_told_of_what_it_asked_for_alone(
    admin: Browser, receiver: Receiver, courier: Courier
) -> None:
    await make_webhook(admin, receiver.url, "post.written", "form.added")
    await add_items(admin)
    await admin.post("/api/posts", json={"title": "x", "body": "x"})

    await courier.deliver_due()

    assert receiver.types == ["post.written"]


async def test_two_workers_at_once_send_each_event_once(
    admin: Browser, receiver: Receiver, courier: Courier, sync_database: Database
) -> None:
    await make_webhook(admin, receiver.url)
    await add_items(admin, 40)
    sender = Sender(ON_LOOPBACK)
    second = Courier(sync_database, sender, KeyRing.parse(KEY))

    made = await asyncio.gather(courier.deliver_due(), second.deliver_due())

    await sender.close()
    assert sum(made) == len(receiver.ids) == len(set(receiver.ids)) == 40


async def test_while_secrets_change_both_of_them_verify(
    admin: Browser, receiver: Receiver, courier: Courier, community_owner: Connection
) -> None:
    first = await make_webhook(admin, receiver.url)
    second = (await admin.post(f"/api/webhooks/{first['id']}/secret")).json()
    assert second["previous_secret_until"] is not None
    await add_items(admin)
    await courier.deliver_due()
    for hook in (first, second):
        receiver.requests[0].verified_with(hook["secret"])

    await community_owner.execute("UPDATE webhook_endpoints SET previous_secret_until = now()")
    await add_items(admin)
    await courier.deliver_due()

    receiver.requests[1].verified_with(second["secret"])
    with pytest.raises(WebhookVerificationError):
        receiver.requests[1].verified_with(first["secret"])


async def test_what_fails_is_tried_again_later_and_later_and_given_up(
    admin: Browser, receiver: Receiver, courier: Courier, community_owner: Connection
) -> None:
    hook = await make_webhook(admin, receiver.url)
    receiver.judge = lambda _: Answer(500, body=b"oops")
    await add_items(admin)
    waits = []
    for _ in range(len(RETRIES) + 1):
        assert await courier.deliver_due() == 1
        assert await courier.deliver_due() == 0
        row = await one_row(
            community_owner,
            "SELECT extract(epoch FROM next_attempt_at - clock_timestamp()) AS wait, given_up_at"
            " FROM webhook_deliveries",
        )
        waits.append(float(row["wait"]))
        await community_owner.execute(NOW)

    for wait, planned in zip(waits, RETRIES, strict=False):
        assert planned - 1 < wait < planned * 1.2 + 1
    assert row["given_up_at"] is not None
    assert await courier.deliver_due() == 0
    [delivery] = await deliveries(admin, hook)
    assert (delivery["state"], delivery["attempts"]) == ("given_up", 10)
    assert [one["status"] for one in await log_of(admin, delivery)] == [500] * 10
    assert len(set(receiver.ids)) == 1
    assert len({request.body for request in receiver.requests}) == 1


async def test_a_receiver_that_asks_for_time_gets_it(
    admin: Browser, receiver: Receiver, courier: Courier, community_owner: Connection
) -> None:
    await make_webhook(admin, receiver.url)
    receiver.judge = lambda _: Answer(429, {"retry-after": "30"})
    await add_items(admin)
    await courier.deliver_due()

    for moment in (
        "resting_until FROM webhook_endpoints",
        "next_attempt_at FROM webhook_deliveries",
    ):
        wait = await community_owner.fetchval(
            f"SELECT extract(epoch FROM moment - now()) FROM (SELECT {moment}) AS x (moment)"
        )
        assert wait > 28


async def test_a_dead_endpoint_holds_up_nobody_and_is_asked_ever_more_seldom(
    admin: Browser, receiver: Receiver, courier: Courier, community_owner: Connection
) -> None:
    silent = Receiver(free_port())
    release = asyncio.Event()

    async def hang(_: object) -> Answer:
        await release.wait()
        return Answer(503)

    silent.judge = hang
    async with serving(silent, silent.port):
        dead = await make_webhook(admin, silent.url)
        await make_webhook(admin, receiver.url)
        await add_items(admin, 20)
        round_ = asyncio.create_task(courier.deliver_due())
        await receiver.until(20)
        release.set()
        await round_

        assert len(silent.requests) == 8
        state = (await admin.get(f"/api/webhooks/{dead['id']}")).json()
        assert state["failures"] == 1
        for failures in (2, 3, 4):
            await community_owner.execute(NOW)
            # One alone goes and sees how it is.
            assert await courier.deliver_due() == 1
            state = (await admin.get(f"/api/webhooks/{dead['id']}")).json()
            assert state["failures"] == failures

        silent.judge = lambda _: Answer()
        await community_owner.execute(NOW)
        await courier.deliver_due()
    assert len(set(silent.ids)) == 20
    state = (await admin.get(f"/api/webhooks/{dead['id']}")).json()
    assert (state["failures"], state["failing_since"]) == (0, None)


async def test_an_event_that_a_receiver_refuses_does_not_hold_up_the_next(
    admin: Browser, receiver: Receiver, courier: Courier
) -> None:
    hook = await make_webhook(admin, receiver.url)
    receiver.judge = lambda request: Answer(400 if request.event["type"] == "form.added" else 204)
    form = {"title": "x", "questions": [{"key": "why", "label": "Why?"}]}
    await admin.post("/api/application-forms", json=form)
    await add_items(admin, 3)

    await courier.deliver_due()
    await add_items(admin)
    await courier.deliver_due()

    states = [one["state"] for one in await deliveries(admin, hook)]
    assert sorted(states) == ["delivered"] * 4 + ["waiting"]


async def test_gone_is_gone(
    admin: Browser, people: People, receiver: Receiver, courier: Courier
) -> None:
    hook = await make_webhook(admin, receiver.url)
    receiver.judge = lambda _: Answer(410)
    await add_items(admin)
    await courier.deliver_due()
    await add_items(admin)

    assert await courier.deliver_due() == 0

    state = (await admin.get(f"/api/webhooks/{hook['id']}")).json()
    assert (state["enabled"], state["disabled_because"]) == (False, "gone")
    assert (await people.audited())[-2:] == ["webhook.disabled", "item.added"]
    page = await admin.get(f"/webhooks/{hook['id']}")
    assert "410 Gone, so this webhook was disabled" in page.text


async def test_days_without_success_disable_it_and_what_waited_goes_on_when_it_is_enabled(
    admin: Browser, receiver: Receiver, courier: Courier, community_owner: Connection
) -> None:
    hook = await make_webhook(admin, receiver.url)
    receiver.judge = lambda _: Answer(500)
    await add_items(admin)
    await courier.deliver_due()
    await community_owner.execute(
        f"{NOW}; UPDATE webhook_endpoints SET failing_since = now() - interval '121 hours'"
    )
    await courier.deliver_due()
    state = (await admin.get(f"/api/webhooks/{hook['id']}")).json()
    assert state["disabled_because"] == "failing"
    assert (
        "No delivery succeeded for five days" in (await admin.get(f"/webhooks/{hook['id']}")).text
    )

    receiver.judge = lambda _: Answer()
    await admin.patch(f"/api/webhooks/{hook['id']}", json={"enabled": True})
    await community_owner.execute(NOW)
    await courier.deliver_due()

    [delivery] = await deliveries(admin, hook)
    assert delivery["state"] == "delivered"


async def test_a_person_sends_again_one_delivery_or_all_that_was_given_up(
    admin: Browser, receiver: Receiver, courier: Courier, community_owner: Connection
) -> None:
    hook = await make_webhook(admin, receiver.url)
    await add_items(admin, 3)
    await courier.deliver_due()
    await community_owner.execute(
        "UPDATE webhook_deliveries SET delivered_at = NULL, given_up_at = now() WHERE id IN"
        " (SELECT id FROM webhook_deliveries ORDER BY id LIMIT 2)"
    )
    since = {"since": "2026-01-01T00:00:00Z"}

    answer = await admin.post(f"/api/webhooks/{hook['id']}/replay", json=since)
    assert answer.json() == {"replayed": 2}
    assert await courier.deliver_due() == 2
    again = receiver.ids[3:]
    assert set(again) < set(receiver.ids[:3])

    [newest, *_] = await deliveries(admin, hook)
    await admin.post(f"/api/webhook-deliveries/{newest['id']}/replay")
    assert await courier.deliver_due() == 1
    assert receiver.ids[-1] == newest["event_id"]


async def test_a_test_goes_to_its_webhook_alone(
    admin: Browser, receiver: Receiver, courier: Courier
) -> None:
    hook = await make_webhook(admin, receiver.url, "form.added")
    await make_webhook(admin, receiver.url)

    answer = await admin.post(f"/api/webhooks/{hook['id']}/test")
    assert answer.status_code == 202, answer.text
    await courier.deliver_due()

    [request] = receiver.requests
    assert request.verified_with(hook["secret"])["type"] == "webhook.test"


async def test_a_test_goes_before_what_waits_for_an_endpoint_that_rests(
    admin: Browser, receiver: Receiver, courier: Courier
) -> None:
    hook = await make_webhook(admin, receiver.url)
    receiver.judge = lambda _: Answer(503, {"retry-after": "600"})
    await add_items(admin, 3)
    await courier.deliver_due()
    await add_items(admin, 3)
    assert await courier.deliver_due() == 0

    waiting = (await admin.post(f"/api/webhooks/{hook['id']}/test")).json()
    assert waiting["next_attempt_at"] >= waiting["occurred_at"]
    assert await courier.deliver_due() == 1

    assert receiver.types[3:] == ["webhook.test"]


async def test_a_disabled_or_deleted_webhook_is_sent_nothing(
    admin: Browser, receiver: Receiver, courier: Courier, community_owner: Connection
) -> None:
    disabled = await make_webhook(admin, receiver.url)
    deleted = await make_webhook(admin, receiver.url)
    await add_items(admin)
    await admin.patch(f"/api/webhooks/{disabled['id']}", json={"enabled": False})
    await admin.delete(f"/api/webhooks/{deleted['id']}")
    await add_items(admin)

    assert await courier.deliver_due() == 0

    refused = await admin.post(f"/api/webhooks/{disabled['id']}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
    assert (await admin.get(f"/api/webhooks/{deleted['id']}")).status_code == 404
    left = "SELECT count(*) FROM webhook_endpoints WHERE num_nonnulls(secret, previous_secret) > 0"
    assert await community_owner.fetchval(left) == 1


async def test_a_worker_that_comes_back_too_late_changes_nothing(
    admin: Browser, receiver: Receiver, courier: Courier, community_owner: Connection
) -> None:
    """Its claim lapsed, somebody else delivered, and now it reports a failure."""
    hook = await make_webhook(admin, receiver.url)
    release = asyncio.Event()

    async def slow_and_wrong(_: object) -> Answer:
        await release.wait()
        return Answer(500)

    receiver.judge = slow_and_wrong
    await add_items(admin)
    late = asyncio.create_task(courier.deliver_due())
    await receiver.until(1)
    receiver.judge = lambda _: Answer()
    await community_owner.execute(NOW)
    assert await courier.deliver_due() == 1
    row = "SELECT webhook_deliveries::text FROM webhook_deliveries"
    before = await community_owner.fetchval(row)
    release.set()
    await late

    assert await community_owner.fetchval(row) == before
    [delivery] = await deliveries(admin, hook)
    assert delivery["state"] == "delivered"


async def test_what_is_old_is_forgotten(
    admin: Browser, receiver: Receiver, courier: Courier, sync_database: Database,
    community_owner: Connection,
) -> None:  # fmt: skip
    await make_webhook(admin, receiver.url)
    gone = await make_webhook(admin, receiver.url)
    await add_items(admin, 2)
    await courier.deliver_due()
    await admin.delete(f"/api/webhooks/{gone['id']}")
    await community_owner.execute(
        "UPDATE events SET occurred_at = now() - interval '31 days' WHERE id = (SELECT id FROM events"
        " ORDER BY id LIMIT 1); UPDATE webhook_endpoints SET deleted_at = now() - interval '32 days'"
        " WHERE deleted_at IS NOT NULL"
    )

    assert await sweep(sync_database, days=30) == 1

    for table, left in (("events", 1), ("webhook_deliveries", 1), ("webhook_attempts", 1)):
        assert await community_owner.fetchval(f"SELECT count(*) FROM {table}") == left
    assert await community_owner.fetchval("SELECT count(*) FROM webhook_endpoints") == 1
