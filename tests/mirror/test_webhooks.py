"""The receiver of signed webhooks, judged by hostile messages and by the standard's own library."""

import asyncio
import base64
import gzip
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from standardwebhooks import Webhook

from backend.bridge.event_codec import encode
from backend.bridge.settings import decode_webhook_secret
from backend.bridge.signatures import SignatureRefused, sign, verify
from tests.fixtures.application import ORIGIN, Farout, one_row
from tests.fixtures.databases import Connection
from tests.fixtures.mirror import event, user_state

NEW = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD = "whsec_" + base64.b64encode(bytes(range(100, 132))).decode()
GONE = "whsec_" + base64.b64encode(bytes(range(200, 232))).decode()


@dataclass
class Sender:
    """Posts events the way another service would, and lets a test spoil anything."""

    client: httpx2.AsyncClient

    async def send(
        self,
        body: bytes,
        *,
        secret: str = NEW,
        message_id: str | None = None,
        age: float = 0,
        spoil: Callable[[dict[str, str]], Any] | None = None,
        signed: bytes | None = None,
    ) -> httpx2.Response:
        headers = sign(
            [decode_webhook_secret(secret)],
            message_id=str(uuid4()) if message_id is None else message_id,
            body=body if signed is None else signed,
            now=time.time() - age,
        )
        if spoil is not None:
            spoil(headers)
        return await self.client.post("/internal/events", content=body, headers=headers)


@pytest.fixture
async def sender(farout: Farout) -> AsyncIterator[Sender]:
    kept = farout.community.webhook_keys
    farout.community.webhook_keys = (decode_webhook_secret(NEW), decode_webhook_secret(OLD))
    transport = httpx2.ASGITransport(app=farout.app)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield Sender(client)
    farout.community.webhook_keys = kept


def body_of(version: int = 1, **chosen: Any) -> bytes:
    return encode(event(user_state(1, version, **chosen)))


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    document = json.loads(body_of())
    change(document)
    return json.dumps(document).encode()


async def test_a_signed_event_is_applied(sender: Sender, community_owner: Connection) -> None:
    response = await sender.send(body_of(3))

    assert response.status_code == 204
    row = await one_row(community_owner, "SELECT version, username FROM userbase")
    assert tuple(row) == (3, "user-1-v3")


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_two_secrets_live_at_once(sender: Sender, secret: str) -> None:
    assert (await sender.send(body_of(), secret=secret)).status_code == 204


async def test_one_good_signature_of_two_is_enough(sender: Sender) -> None:
    def add(headers: dict[str, str]) -> None:
        wrong = base64.b64encode(bytes(32)).decode()
        headers["webhook-signature"] = f"v1,{wrong} v2,x {headers['webhook-signature']}"

    assert (await sender.send(body_of(), spoil=add)).status_code == 204


def _set(name: str, value: str) -> Callable[[dict[str, str]], Any]:
    return lambda headers: headers.update({name: value})


def _drop(name: str) -> Callable[[dict[str, str]], Any]:
    return lambda headers: headers.pop(name)


REFUSED: dict[str, dict[str, Any]] = {
    "no signature": {"spoil": _drop("webhook-signature")},
    "an empty signature": {"spoil": _set("webhook-signature", "")},
    "a signature without its version": {"spoil": _set("webhook-signature", "AAAA")},
    "a signature of 100 KB": {"spoil": _set("webhook-signature", "v1," + "A" * 100_000)},
    "a signature that is no base64": {"spoil": _set("webhook-signature", "v1,%%%")},
    "a secret after the overlap": {"secret": GONE},
    "no timestamp": {"spoil": _drop("webhook-timestamp")},
    "a timestamp that is no number": {"spoil": _set("webhook-timestamp", "soon")},
    "a timestamp with a fraction": {"spoil": _set("webhook-timestamp", f"{time.time()}")},
    "a negative timestamp": {"spoil": _set("webhook-timestamp", "-1")},
    "a huge timestamp": {"spoil": _set("webhook-timestamp", str(2**63))},
    "a timestamp that is NaN": {"spoil": _set("webhook-timestamp", "NaN")},
    "a timestamp of 301 seconds ago": {"age": 301.5},
    "a timestamp of 301 seconds ahead": {"age": -302},
    "no id": {"spoil": _drop("webhook-id")},
    "an empty id": {"message_id": ""},
    "an id of 10 KB": {"message_id": "x" * 10_240},
    "another id than the signed one": {"spoil": _set("webhook-id", str(uuid4()))},
    "a body longer by a byte": {"signed": body_of()[:-1]},
}


@pytest.mark.parametrize("case", REFUSED)
async def test_refuses_what_is_not_signed(
    sender: Sender, community_owner: Connection, case: str
) -> None:
    response = await sender.send(body_of(), **REFUSED[case])

    assert response.status_code == 401
    assert response.json()["code"] == "webhook_refused"
    assert await community_owner.fetchval("SELECT count(*) FROM userbase") == 0


async def test_accepts_what_is_299_seconds_old(sender: Sender) -> None:
    assert (await sender.send(body_of(), age=298.5)).status_code == 204


MALFORMED: dict[str, tuple[bytes, int]] = {
    "not JSON": (b"hello", 400),
    "not an object": (b"[]", 400),
    "UTF-16": (body_of().decode().encode("utf-16"), 400),
    "a byte order mark": (b"\xef\xbb\xbf" + body_of(), 400),
    "a name twice": (body_of()[:-1] + b',"type":"user.deleted"}', 400),
    "NaN": (body_of()[:-1] + b',"x":NaN}', 400),
    "a depth of 1,000": (body_of()[:-1] + b',"x":' + b"[" * 1000 + b"]" * 1000 + b"}", 400),
    "10 MB": (body_of()[:-1] + b',"x":"' + b"x" * 10_000_000 + b'"}', 413),
    "no data": (changed(lambda one: one.pop("data")), 422),
    "no role": (changed(lambda one: one["data"].pop("role")), 422),
    "a role of its own": (changed(lambda one: one["data"].update(role="god")), 422),
    "a name of no letters": (changed(lambda one: one["data"].update(username="")), 422),
    "NUL in a name": (changed(lambda one: one["data"].update(username="a\0b")), 422),
    "half a character": (changed(lambda one: one["data"].update(username="\ud800")), 422),
    "a version too large": (changed(lambda one: one["data"].update(version=str(2**63))), 422),
    "a version below zero": (changed(lambda one: one["data"].update(version="-1")), 422),
    "is_active as a text": (changed(lambda one: one["data"].update(is_active="yes")), 422),
    "a uid that is none": (changed(lambda one: one["data"].update(uid="1")), 422),
    "a script as picture": (
        changed(
            lambda one: one["data"].update(
                profile={"display_name": "x", "avatar_url": "javascript:alert(1)"}
            )
        ),
        422,
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
async def test_refuses_a_signed_body_that_is_no_event(
    sender: Sender, community_owner: Connection, case: str
) -> None:
    body, status = MALFORMED[case]

    response = await sender.send(body)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert await community_owner.fetchval("SELECT count(*) FROM userbase") == 0


async def test_refuses_a_compressed_body(sender: Sender) -> None:
    def name_it(headers: dict[str, str]) -> None:
        headers["content-encoding"] = "gzip"

    response = await sender.send(gzip.compress(bytes(1_000_000)), spoil=name_it)

    assert response.status_code == 400
    assert response.json()["code"] == "webhook_unsupported"


@pytest.mark.parametrize(
    "body",
    [
        changed(lambda one: one.update(schema=2)),
        changed(lambda one: one.update(type="user.merged")),
    ],
)
async def test_parks_what_a_newer_sender_means(
    sender: Sender, community_owner: Connection, body: bytes
) -> None:
    message_id = str(uuid4())

    statuses = [(await sender.send(body, message_id=message_id)).status_code for _ in range(2)]

    assert statuses == [202, 202]
    row = await one_row(community_owner, "SELECT event_id, body FROM rejected_events")
    assert str(row["event_id"]) == message_id
    assert json.loads(row["body"]) == json.loads(body)


async def test_a_message_sent_twice_or_at_the_same_moment_counts_once(
    sender: Sender, community_owner: Connection
) -> None:
    message_id = str(uuid4())

    answers = await asyncio.gather(
        *(sender.send(body_of(1), message_id=message_id) for _ in range(20))
    )
    first = await one_row(community_owner, "SELECT synced_at FROM userbase")
    answers.append(await sender.send(body_of(1), message_id=message_id))

    assert {answer.status_code for answer in answers} == {204}
    assert await one_row(community_owner, "SELECT synced_at FROM userbase") == first


async def test_events_that_arrive_backwards_end_with_the_newest(
    sender: Sender, community_owner: Connection
) -> None:
    for version in (5, 4, 3, 2, 1):
        assert (await sender.send(body_of(version))).status_code == 204

    assert await community_owner.fetchval("SELECT version FROM userbase") == 5


async def test_without_a_secret_nothing_is_taken_in(farout: Farout, sender: Sender) -> None:
    farout.community.webhook_keys = ()

    response = await sender.send(body_of())

    assert response.status_code == 401
    assert "WEBHOOK_SECRETS is not set" in response.json()["detail"]


def test_the_library_of_the_standard_accepts_what_we_sign() -> None:
    sent = event(user_state(1, 1))
    body = encode(sent)
    headers = sign(
        [decode_webhook_secret(NEW)], message_id=str(sent.id), body=body, now=time.time()
    )

    assert Webhook(NEW).verify(body, headers)["type"] == "user.updated"


def test_we_accept_what_the_library_of_the_standard_signs() -> None:
    body = encode(replace(event(user_state(1, 1)), occurred_at=datetime(2026, 1, 1, tzinfo=UTC)))
    moment = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(OLD).sign(
            "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", moment, body.decode()
        ),
    }
    keys = [decode_webhook_secret(NEW), decode_webhook_secret(OLD)]

    assert verify(keys, headers, body) == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
    with pytest.raises(SignatureRefused):
        verify(keys[:1], headers, body)
