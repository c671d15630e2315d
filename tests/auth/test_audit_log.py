"""The audit log: found by what one knows, page by page, and as a file for spreadsheets."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from backend.auth.audit_log.export import plain_cell
from backend.devtools.discord.seeds import COSMO_ID
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.people import uid_of

UID = "0198c0de-0000-7000-8000-00000000000"


async def _fill(owner: Connection, count: int) -> None:
    await owner.execute(
        "INSERT INTO audit_log (at, action, actor_uid, target_uid, details)"
        " SELECT '2026-01-01'::timestamptz + n / 3 * interval '1 minute', 'test.' || chr(97 + n % 5),"
        " ($2 || n % 3)::uuid, ($2 || n % 4)::uuid, jsonb_build_object('n', n)"
        " FROM generate_series(0, $1 - 1) AS n",
        count, UID,
    )  # fmt: skip


async def _everything(admin: Browser, **query: str) -> list[int]:
    found: list[int] = []
    cursor: str | None = None
    while True:
        asked = query | {"limit": "7"} | ({"cursor": cursor} if cursor else {})
        page = (await admin.get("/auth/audit", params=asked)).json()
        found += [item["details"].get("n", -1) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_lists_every_entry_once_the_newest_first(
    admin: Browser, auth_owner: Connection
) -> None:
    await _fill(auth_owner, 50)

    assert await _everything(admin, until="2026-02-01T00:00:00Z") == list(range(49, -1, -1))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"action": "test.b"}, lambda n: n % 5 == 1),
        ({"actor": f"{UID}2"}, lambda n: n % 3 == 2),
        ({"target": f"{UID}1", "action": "test.a"}, lambda n: n % 4 == 1 and n % 5 == 0),
        ({"since": "2026-01-01T00:02:00Z", "until": "2026-01-01T00:05:00Z"}, lambda n: 6 <= n < 15),
        ({"action": "test.never"}, lambda n: False),
    ],
)
async def test_finds_entries(
    admin: Browser, auth_owner: Connection, query: dict[str, str], wanted: object
) -> None:
    await _fill(auth_owner, 60)

    found = await _everything(admin, **({"until": "2026-02-01T00:00:00Z"} | query))

    assert found == [n for n in range(59, -1, -1) if wanted(n)]  # type: ignore[operator]


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "me"}, {"action": "a b"}, {"action": "\0"}, {"since": "yesterday"},
        {"since": "2026-01-01"}, {"limit": "0"}, {"limit": "1000"}, {"cursor": "x"},
        {"cursor": "WyJ4IiwgMV0"}, {"cursor": "WyIyMDI2LTAxLTAxIiwgMV0"},
    ],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_is_refused(
    admin: Browser, query: dict[str, str]
) -> None:
    answer = await admin.get("/auth/audit", params=query)

    assert answer.status_code in (400, 422)


async def test_exports_everything_that_matches_and_no_formula(
    admin: Browser, auth_owner: Connection
) -> None:
    await _fill(auth_owner, 2_500)
    await auth_owner.execute(
        "INSERT INTO audit_log (at, action, request_id) VALUES ('2026-01-01', '=1+1', '@SUM(A1)')"
    )

    answer = await admin.get("/auth/audit.csv", params={"until": "2026-02-01T00:00:00Z"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 2_501
    [hostile] = [row for row in rows if "1+1" in row["action"]]
    assert (hostile["action"], hostile["request_id"]) == ("'=1+1", "'@SUM(A1)")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_a_cell_never_begins_like_a_formula(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


async def test_the_page_names_people_and_keeps_the_filter(farout: Farout, admin: Browser) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    uid = await uid_of(cosmo)
    await admin.post(f"/auth/users/{uid}/ban", json={"reason": "<i>spam</i>"})
    today = datetime.now(UTC).date()

    page = await admin.get(
        "/admin/audit",
        params={"target": uid, "action": "user.banned", "since": str(today), "until": str(today)},
    )

    assert page.status_code == 200
    assert "nova.reyes" in page.text
    assert "&lt;i&gt;spam&lt;/i&gt;" in page.text
    assert f"target={uid}" in page.text
    yesterday = {"until": str(today - timedelta(days=1))}
    assert "No entry matches" in (await admin.get("/admin/audit", params=yesterday)).text
    assert (await admin.get("/admin/audit", params={"actor": "x"})).status_code == 400


async def test_only_admins_read_it(farout: Farout, admin: Browser) -> None:
    officer = await farout.signed_in(COSMO_ID, role="officer")

    for path in ("/auth/audit", "/auth/audit.csv", "/admin/audit"):
        assert (await officer.get(path)).status_code == 403
        assert (await farout.browser().get(path)).status_code == 401
