"""The quartermaster: every movement is in the ledger, and nothing is ever below nothing."""

import asyncio
from typing import Any

import pytest

from backend.community.items.queries import list_wrong_stocks
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection

AN_ID = "0198c0de-0000-7000-8000-000000000001"


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


@pytest.fixture
async def radio(admin: Browser, people: People) -> str:
    """Yield the path of an item with ten pieces in stock."""
    made = await admin.post("/api/items", json={"name": "Radio"})
    path = f"/api/items/{made.json()['id']}"
    await admin.post(f"{path}/stock", json={"kind": "stocked", "quantity": 10})
    assert await people.audited() == ["item.added", "item.stocked"]
    return path


async def lend(
    admin: Browser, path: str, kind: str, quantity: int, to: str = COSMO_ID
) -> tuple[int, str | None]:
    body = {"kind": kind, "discord_id": to, "quantity": quantity}
    answer = await admin.post(f"{path}/lendings", json=body)
    return answer.status_code, answer.json().get("code")


async def counts(admin: Browser, path: str) -> tuple[int, int]:
    item = (await admin.get(path)).json()
    return item["stock"], item["issued"]


async def test_issues_and_takes_back(admin: Browser, radio: str, people: People) -> None:
    cosmo = await people.sign_in(COSMO_ID)

    assert await lend(admin, radio, "issued", 4) == (201, None)
    assert await counts(admin, radio) == (6, 4)
    held = (await cosmo.get(f"/api/members/{COSMO_ID}/items")).json()["items"]
    assert [(one["name"], one["quantity"]) for one in held] == [("Radio", 4)]
    assert (await cosmo.get(f"/api/members/{NOVA_ID}/items")).status_code == 403

    assert await lend(admin, radio, "returned", 5) == (409, "not_enough_held")
    assert await lend(admin, radio, "returned", 4) == (201, None)
    assert await counts(admin, radio) == (10, 0)
    assert (await cosmo.get(f"/api/members/{COSMO_ID}/items")).json()["items"] == []
    ledger = (await admin.get(f"{radio}/movements")).json()["items"]
    assert [(one["kind"], one["quantity"], one["discord_id"]) for one in ledger] == [
        ("returned", 4, COSMO_ID), ("issued", 4, COSMO_ID), ("stocked", 10, None),
    ]  # fmt: skip
    assert await people.audited() == ["item.issued", "item.returned"]


async def test_takes_out_of_stock_only_what_is_there(admin: Browser, radio: str) -> None:
    for quantity, status in ((11, 409), (10, 201), (1, 409)):
        body = {"kind": "removed", "quantity": quantity, "note": "Broken."}
        assert (await admin.post(f"{radio}/stock", json=body)).status_code == status
    assert await counts(admin, radio) == (0, 0)


async def test_fifty_issues_at_once_never_go_below_nothing(
    admin: Browser, radio: str, farout: Farout, people: People, community_owner: Connection
) -> None:
    for number in range(5):
        await add_member(community_owner, 900 + number, f"P{number}")
    await people.open_connections(admin)

    answers = await asyncio.gather(
        *(lend(admin, radio, "issued", 1, str(900 + n % 5)) for n in range(50))
    )

    assert sorted(answers, key=str) == [(201, None)] * 10 + [(409, "not_enough_in_stock")] * 40
    assert await counts(admin, radio) == (0, 10)
    async with farout.community.database.transaction() as db:
        assert await list_wrong_stocks(db) == []


async def test_issues_and_returns_at_once_leave_what_the_ledger_says(
    admin: Browser, radio: str, farout: Farout, people: People
) -> None:
    await people.sign_in(COSMO_ID)

    await asyncio.gather(
        *(lend(admin, radio, "issued" if n % 3 else "returned", 1 + n % 3) for n in range(40))
    )

    stock, issued = await counts(admin, radio)
    assert stock + issued == 10
    async with farout.community.database.transaction() as db:
        assert await list_wrong_stocks(db) == []


async def test_an_archived_item_only_comes_back(admin: Browser, radio: str, people: People) -> None:
    await people.sign_in(COSMO_ID)
    await lend(admin, radio, "issued", 1)

    assert (await admin.patch(radio, json={"archived": True})).json()["archived_at"]

    assert await lend(admin, radio, "issued", 1) == (409, "item_archived")
    assert await lend(admin, radio, "returned", 1) == (201, None)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("stock", {"kind": "stocked", "quantity": 0}, 422),
        ("stock", {"kind": "stocked", "quantity": -1}, 422),
        ("stock", {"kind": "stocked", "quantity": 2**31}, 422),
        ("stock", {"kind": "stocked", "quantity": True}, 422),
        ("stock", {"kind": "stocked", "quantity": "1"}, 422),
        ("stock", {"kind": "issued", "quantity": 1}, 422),
        ("lendings", {"kind": "issued", "quantity": 1, "discord_id": "1", "stock": 5}, 422),
        ("lendings", {"kind": "issued", "quantity": 1, "discord_id": "5"}, 404),
        ("lendings", {"kind": "issued", "quantity": 1, "discord_id": ["5"]}, 422),
    ],
)
async def test_what_makes_no_sense_moves_nothing(
    admin: Browser, radio: str, people: People, path: str, body: dict[str, Any], status: int
) -> None:
    assert (await admin.post(f"{radio}/{path}", json=body)).status_code == status
    assert await counts(admin, radio) == (10, 0)
    assert await people.audited() == []


async def test_stock_cannot_outgrow_what_can_be_counted(admin: Browser, radio: str) -> None:
    body = {"kind": "stocked", "quantity": 1_000_000}
    await admin.post(f"{radio}/stock", json=body)

    await asyncio.gather(*(admin.post(f"{radio}/stock", json=body) for _ in range(3)))

    assert await counts(admin, radio) == (4_000_010, 0)


async def test_lists_items_by_name(admin: Browser, radio: str) -> None:
    for name in ("rope", "Anchor", "Ärmel"):
        await admin.post("/api/items", json={"name": name})
    found, cursor = [], ""
    while cursor is not None:
        query: dict[str, Any] = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await admin.get("/api/items", params=query)).json()
        found += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert found == ["Anchor", "Radio", "rope", "Ärmel"]
    assert (await admin.get(f"/api/items/{AN_ID}")).json()["code"] == "item_not_found"
