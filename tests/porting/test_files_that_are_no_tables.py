"""Whatever somebody hands over, the answer says what is wrong with it and what to do, and nothing is lost."""

import io
import zipfile
from pathlib import Path

import pytest

from backend.community.porting.errors import FileUnreadable, FileUnwritable
from backend.community.porting.handlers.outcomes import Action
from tests.porting.conftest import Moving, errors

NOVA, COSMO = "80351110224678912", "155149108183695360"


def _zip(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, "discord_id,display_name\n")
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("x.xlsx", _zip("[Content_Types].xml", "xl/workbook.xml"), "workbook.*CSV UTF-8"),
        ("members.csv", _zip("[Content_Types].xml", "xl/workbook.xml"), "workbook.*CSV UTF-8"),
        ("x.ods", _zip("mimetype", "content.xml"), "workbook.*CSV UTF-8"),
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "Excel workbook of the old kind.*UTF-8"),
        ("members.csv.gz", b"\x1f\x8b\x08\x00 packed", "unpack it first"),
        ("members.pdf", b"%PDF-1.7", "export the table as CSV"),
        ("x.zip", _zip("a/members.csv", "b/members.csv"), "two files members.csv: a/.* and b/"),
        ("x.zip", _zip("people.csv"), "none of the files of an import: ranks.csv, missions.csv"),
        ("members.csv", b"discord_id,display_name\n1,J\xf6rg\n", "0xf6.*Windows-1252.*CSV UTF-8"),
    ],
)
async def test_a_file_of_another_kind_is_told_by_what_it_holds(
    moving: Moving, name: str, content: bytes, complaint: str
) -> None:
    with pytest.raises(FileUnreadable, match=complaint):
        await moving.read_in(moving.write(name, content))


async def test_an_export_may_have_any_name(moving: Moving) -> None:
    exported = await moving.export()
    renamed = exported.rename(moving.folder / "community.txt")
    assert errors(await moving.read_in(renamed)) == []


async def test_other_bytes_late_in_a_large_file_are_found_before_anything_is_written(
    moving: Moving,
) -> None:
    rows = "".join(f"{10**16 + 7 * n},Nova\n" for n in range(3000)).encode()
    path = moving.write("members.csv", b"discord_id,display_name\n" + rows + b"99,J\xf6rg\n")
    with pytest.raises(FileUnreadable, match="Windows-1252"):
        await moving.read_in(path)
    assert await moving.owner.fetchval("SELECT count(*) FROM members") == 0


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (f"{COSMO[:9]}", "has 1 of 3 cells and no line end: the file was cut off"),
        (f"{COSMO},Cos", "has 2 of 3 cells and no line end: the file was cut off"),
        (f'{COSMO},"Cosmo', "is not CSV: unexpected end of data"),
    ],
)
async def test_a_last_line_that_was_half_written_makes_nobody_up(
    moving: Moving, ending: str, reason: str
) -> None:
    text = f"discord_id,display_name,bio\n{NOVA},Nova,x\n{ending}"
    result = await moving.read_in(moving.write("members.csv", text))
    assert errors(result) == [(3, "", reason)]
    assert await moving.owner.fetchval("SELECT discord_id FROM members") == NOVA


async def test_the_same_row_twice_is_done_once_and_a_later_one_wins(moving: Moving) -> None:
    rows = [f"{NOVA},Nova", f"{NOVA},Nova", f"{COSMO},Cosmo", f"{NOVA},Nova II"]
    path = moving.write("members.csv", "discord_id,display_name\n" + "\n".join(rows) + "\n")

    result = await moving.read_in(path)

    actions = [Action.CREATE, Action.UNCHANGED, Action.UPDATE, Action.ERROR]
    assert [result.count(one) for one in actions] == [2, 1, 1, 0]
    names = await moving.owner.fetch("SELECT display_name FROM members ORDER BY 1")
    assert [row["display_name"] for row in names] == ["Cosmo", "Nova II"]


async def test_a_formula_from_a_spreadsheet_is_a_text_and_leaves_as_one(moving: Moving) -> None:
    sheet = f'discord_id,display_name\n{NOVA},"=HYPERLINK(""http://x"")"\n'
    await moving.read_in(moving.write("members.csv", sheet))
    found = await moving.owner.fetchval("SELECT display_name FROM members")
    assert found == '=HYPERLINK("http://x")'


async def test_a_report_that_cannot_be_written_is_not_the_databases_fault(moving: Moving) -> None:
    path = moving.write("members.csv", f"discord_id,display_name\n{NOVA},Nova\n")
    with pytest.raises(FileUnwritable, match="/dev/full cannot be written"):
        await moving.read_in(path, report=Path("/dev/full"))
    assert await moving.owner.fetchval("SELECT count(*) FROM members") == 0
    # And it goes on where it stopped once there is room.
    assert (await moving.read_in(path, report=moving.folder / "x.csv")).count(Action.CREATE) == 1


async def test_a_disk_that_fails_is_told_of(moving: Moving) -> None:
    """The memory of a process is a file of which the beginning cannot be read."""
    folder = moving.folder / "sheets"
    folder.mkdir()
    (folder / "members.csv").symlink_to("/proc/self/mem")
    for path in (folder, folder / "members.csv"):
        with pytest.raises(FileUnreadable, match="cannot be read: Input/output error"):
            await moving.read_in(path)
