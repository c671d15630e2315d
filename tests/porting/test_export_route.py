"""Downloading an export over HTTP."""

import io
import json
import zipfile

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.community import People
from tests.porting.conftest import Moving


async def test_an_admin_downloads_what_an_import_reads_and_the_log_says_so(
    people: People, moving: Moving
) -> None:
    admin = await people.sign_in(NOVA_ID, role="admin")
    await people.sign_in(COSMO_ID)
    await people.audited()

    answer = await admin.get("/api/export")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jsonl"
    assert "attachment; filename=" in answer.headers["content-disposition"]
    header, *rows, last = [json.loads(line) for line in answer.text.splitlines()]
    assert header["format"] == "farout.community"
    assert last == {"rows": len(rows)}
    members = [row["discord_id"] for row in rows if row["section"] == "members"]
    assert sorted(members) == sorted([NOVA_ID, COSMO_ID])
    assert await people.audited() == ["members.exported"]
    path = moving.write("downloaded.jsonl", answer.content)
    assert (await moving.read_in(path, dry_run=True)).first_errors == []


async def test_as_csv_it_is_a_zip_in_which_no_cell_is_a_formula(
    people: People, moving: Moving
) -> None:
    admin = await people.sign_in(NOVA_ID, role="admin")
    await moving.owner.execute("UPDATE members SET display_name = '=1+1'")

    answer = await admin.get("/api/export?format=csv")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        members = archive.read("members.csv").decode("utf-8-sig")
    assert members.splitlines()[1].startswith(f'"{NOVA_ID}","\'=1+1"')


async def test_officers_and_members_may_not_take_everything_along(people: People) -> None:
    officer = await people.sign_in(NOVA_ID, role="officer")
    answer = await officer.get("/api/export")
    assert answer.status_code == 403
    assert answer.json()["code"] == "permission_required"
    assert (await officer.get("/api/export?format=xml")).status_code in (403, 422)
