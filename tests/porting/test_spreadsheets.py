"""Sheets that people have made by hand: what is understood, and what is complained of and where."""

import csv
import json

import pytest

from backend.community.porting.errors import FileCutOff, FileUnreadable, IdsRounded
from backend.community.porting.exports import Format
from backend.community.porting.handlers.outcomes import Action
from backend.community.porting.inspection import open_source
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.community import People
from tests.porting.conftest import Moving, errors

NOVA, COSMO = "80351110224678912", "155149108183695360"
HEADER = "discord_id,display_name,rank,bio,created_at\n"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfDiscord ID;Display Name;Rank\r\n80351110224678912;Nova;veteran\r\n",
        b"rank\tdisplay-name\tDISCORD_ID\nveteran\tNova\t80351110224678912",
        b"sep=;\r\ndiscord_id;display_name;rank\r\n 80351110224678912 ; Nova ;veteran;\r\n;;\r\n",
        b'"discord_id","display_name","rank"\n"80351110224678912","Nova","veteran"\n\n',
    ],
    ids=["excel", "tabs", "separator line", "quoted"],
)
async def test_any_usual_sheet_is_read(moving: Moving, content: bytes) -> None:
    result = await moving.read_in(moving.write("members.csv", content))

    assert errors(result) == []
    members = await moving.owner.fetch("SELECT discord_id, display_name, rank FROM members")
    assert [tuple(row) for row in members] == [(NOVA, "Nova", "veteran")]


async def test_each_bad_row_is_named_with_line_field_and_reason_and_stops_no_other(
    moving: Moving,
) -> None:
    rows = [
        f"{NOVA},Nova,veteran,,2024-02-29",
        "1.23457E+17,Vega,,,",
        f"{COSMO},Cosmo,emperor,,",
        "155149108183695361,,,,",
        f"155149108183695362,{'x' * 101},,,",
        "155149108183695363,Rhea,,,29.02.2024",
        "155149108183695364,Rhea,,,2024-02-29T10:00",
        "155149108183695365,Rhea,,,2999-01-01",
        "155149108183695366,Rhea,,,45351",
        ",Nobody,,,",
        "155149108183695367,Rhea,,,,,surplus",
        "155149108183695368,Ok,,\"two\nlines\",",
        f"{COSMO},Cosmo,,,",
        "155149108183695369,\"a\u202eb\",,,",
    ]  # fmt: skip
    path = moving.write("members.csv", HEADER + "\n".join(rows) + "\n")

    result = await moving.read_in(path, report=moving.folder / "report.csv")

    assert [(line, field) for line, field, _ in errors(result)] == [
        (3, "discord_id"), (4, "rank"), (5, "display_name"), (6, "display_name"),
        (7, "created_at"), (8, "created_at"), (9, "created_at"), (10, "created_at"), (11, ""),
        (12, ""), (16, "display_name"),
    ]  # fmt: skip
    reasons = {line: reason for line, _, reason in errors(result)}
    assert "import the column as text" in reasons[3]
    assert "recruit, member, veteran" in reasons[4]
    assert "2026-05-01" in reasons[7]
    assert "time zone" in reasons[8]
    names = await moving.owner.fetch("SELECT display_name FROM members ORDER BY id")
    assert [row["display_name"] for row in names] == ["Nova", "Ok", "Cosmo"]
    with (moving.folder / "report.csv").open(newline="") as file:
        report = list(csv.DictReader(file))
    assert [(row["line"], row["action"]) for row in report[:3]] == [
        ("2", "create"), ("3", "error"), ("4", "error"),
    ]  # fmt: skip
    assert len(report) == len(rows)
    assert report[0]["about"] == NOVA


async def test_missions_trainings_and_counters_follow_with_what_the_catalogue_says(
    moving: Moving,
) -> None:
    folder = moving.folder / "sheets"
    folder.mkdir()
    sheets = {
        "members.csv": f"discord_id,display_name,rank\n{NOVA},Nova,veteran\n",
        "missions.csv": "slug,title,points,minutes\niron-dawn,Iron Dawn,50,90\n",
        "trainings.csv": "slug,title,points,level,valid_days\nmedic,Medic,20,2,365\n",
        "counters.csv": "key,title\nkudos,Kudos\n",
        "awards.csv": "name\nLong Service\n",
        "completions.csv": "discord_id,mission,training,completed_at,role,evidence\n"
        f"{NOVA},iron-dawn,,2024-05-01,pilot,https://x.org/1 https://x.org/2\n"
        f"{NOVA},,medic,2024-06-01,,\n"
        f"{NOVA},unheard-of,,2024-06-01,,\n{COSMO},iron-dawn,,2024-06-01,,\n"
        f"{NOVA},,medic,2024-06-02,pilot,\n",
        "stats.csv": f"discord_id,counter,value\n{NOVA},kudos,7\n{NOVA},points,7\n",
        "rank_changes.csv": "discord_id,rank,effective_on\n"
        f"{NOVA},recruit,2024-01-01\n{NOVA},veteran,2025-01-01\n",
        "award_grants.csv": f"discord_id,award,granted_at\n{NOVA},Long Service,2025-03-03\n",
        "notes.csv": "x\n",
    }
    for name, text in sheets.items():
        (folder / name).write_text(text)

    result = await moving.read_in(folder)

    assert [(line, field) for line, field, _ in errors(result)] == [
        (4, "mission"), (5, "discord_id"), (6, ""), (3, "counter"),
    ]  # fmt: skip
    row = await moving.owner.fetchrow("SELECT * FROM members")
    assert row is not None
    stats = json.loads(row["stats"])
    assert stats["counters"] == {
        "kudos": 7, "points": 70, "missions_completed": 1, "trainings_completed": 1,
        "minutes_in_ops": 90,
    }  # fmt: skip
    [mission], [training] = (
        json.loads(row["missions_completed"]), json.loads(row["trainings_completed"])
    )  # fmt: skip
    assert (mission["via"], mission["minutes"], mission["role"]) == ("import", 90, "pilot")
    assert (training["level"], training["expires_at"]) == (2, "2025-06-01")
    assert row["rank"] == "veteran"
    before = await moving.contents()

    again = await moving.read_in(folder)

    assert again.count(Action.CREATE) + again.count(Action.UPDATE) == 0
    assert await moving.contents() == before


async def test_what_the_ledger_says_is_not_rewritten_and_what_was_revoked_does_not_come_back(
    moving: Moving,
) -> None:
    moving.write("missions.csv", "slug,title\niron-dawn,Iron Dawn\n")
    await moving.read_in(moving.folder / "missions.csv")
    await moving.read_in(moving.write("members.csv", f"discord_id,display_name\n{NOVA},Nova\n"))
    sheet = "discord_id,mission,completed_at,role\n" + f"{NOVA},iron-dawn,2024-05-01,pilot\n"
    await moving.read_in(moving.write("completions.csv", sheet))

    changed = await moving.read_in(moving.write("completions.csv", sheet.replace("pilot", "medic")))

    [(line, field, reason)] = errors(changed)
    assert (line, field) == (2, "role")
    assert "revoke" in reason
    await moving.owner.execute(
        "INSERT INTO completion_revocations (completion_id, reason) SELECT id, 'x' FROM completions"
    )
    back = await moving.read_in(moving.write("completions.csv", sheet))
    assert back.count(Action.UNCHANGED) == 1
    assert await moving.owner.fetchval("SELECT count(*) FROM completions") == 1
    assert await moving.owner.fetchval("SELECT missions_completed FROM members") == "[]"


async def test_an_award_that_was_withdrawn_here_does_not_come_back(moving: Moving) -> None:
    await moving.read_in(moving.write("awards.csv", "name\nLong Service\n"))
    await moving.read_in(moving.write("members.csv", f"discord_id,display_name\n{NOVA},Nova\n"))
    sheet = moving.write("award_grants.csv", f"discord_id,award\n{NOVA},Long Service\n")
    await moving.read_in(sheet)
    await moving.owner.execute(
        "UPDATE award_grants SET withdrawn_at = now(), withdraw_reason = 'x'"
    )

    again = await moving.read_in(sheet)

    assert again.count(Action.UNCHANGED) == 1
    assert await moving.owner.fetchval("SELECT count(*) FROM award_grants") == 1


async def test_a_rank_in_a_sheet_is_a_promotion_with_its_place_in_the_career(
    moving: Moving,
) -> None:
    for rank in ("veteran", "recruit", "recruit"):
        await moving.read_in(
            moving.write("members.csv", f"discord_id,display_name,rank\n{NOVA},Nova,{rank}\n")
        )
    career = await moving.owner.fetch("SELECT kind, rank FROM rank_changes ORDER BY id")
    assert [tuple(row) for row in career] == [("initial", "veteran"), ("demotion", "recruit")]
    assert await moving.owner.fetchval("SELECT rank FROM members") == "recruit"


async def test_people_who_have_signed_in_may_be_named_as_they_are_here(
    moving: Moving, people: People
) -> None:
    await people.sign_in(NOVA_ID)
    await people.sign_in(COSMO_ID)
    known = await moving.owner.fetch("SELECT username, uid FROM userbase ORDER BY user_id")
    sheet = (
        "username,uid,bio\n"
        f"{known[0]['username'].upper()},,first\n,{known[1]['uid']},second\nstranger,,third\n"
    )

    result = await moving.read_in(moving.write("members.csv", sheet))

    [(line, field, reason)] = errors(result)
    assert (line, field) == (4, "username")
    assert "discord_id" in reason
    bios = await moving.owner.fetch("SELECT discord_id, bio FROM members ORDER BY id")
    assert [tuple(row) for row in bios] == [(NOVA_ID, "first"), (COSMO_ID, "second")]


async def test_a_prepared_profile_waits_for_its_person(moving: Moving, people: People) -> None:
    sheet = f"discord_id,display_name,rank,bio\n{NOVA_ID},Old Hand,veteran,Was here before\n"
    await moving.read_in(moving.write("members.csv", sheet))

    nova = await people.sign_in(NOVA_ID)

    profile = (await nova.get("/api/members/me")).json()
    assert (profile["display_name"], profile["rank"]) == ("Old Hand", "veteran")
    assert profile["bio"] == "Was here before"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("members.csv", "display_name\nNova\n", "no column discord_id, uid or username"),
        ("members.csv", "", "no column"),
        ("stats.csv", "discord_id;counter\n1;x\n", "no column value"),
        ("members.csv", "discord_id,Discord-ID\n1,1\n", "twice"),
        ("members.csv", "discord_id,display_name\n1,J\u00f6rg\n".encode("latin-1"), "UTF-8"),
        ("members.csv", "discord_id,display_name\n1,x\n".encode("utf-16"), "UTF-8"),
        ("people.csv", "discord_id\n1\n", "--section"),
        ("x.jsonl", '{"format": "other"}\n', "farout.community"),
        ("x.jsonl", '{"format": "farout.community", "version": 2}\n', "version 2"),
        ("x.zip", b"PK\x03\x04 broken", "a zip without its end"),
    ],
)
async def test_a_file_that_cannot_be_meant_is_refused_as_a_whole(
    moving: Moving, name: str, content: str | bytes, complaint: str
) -> None:
    path = moving.write(name, content)
    with pytest.raises(FileUnreadable, match=complaint):
        await moving.read_in(path)
    assert await moving.owner.fetchval("SELECT count(*) FROM import_runs") == 0


async def test_columns_that_mean_nothing_are_named_and_strict_minds_them(moving: Moving) -> None:
    path = moving.write("members.csv", f"discord_id,display_name,shoe size\n{NOVA},Nova,44\n")
    source = open_source(path)
    list(source.records())
    assert source.remarks == ["members.csv: columns that mean nothing here: shoe_size"]

    result = await moving.read_in(path, strict=True)

    assert result.stopped
    assert await moving.owner.fetchval("SELECT count(*) FROM members") == 0


async def test_ids_that_a_spreadsheet_rounded_are_refused_before_they_become_other_people(
    moving: Moving,
) -> None:
    rounded = ["155149108183695000", "803511102246789000", "155149108183695360"]
    path = moving.write("members.csv", HEADER + "".join(f"{one},x,,,\n" for one in rounded))
    with pytest.raises(IdsRounded, match="as text"):
        await moving.read_in(path)
    # One in a thousand ends so by itself.
    some = [*rounded[:1], *(f"15514910818369536{n}" for n in range(9))]
    path = moving.write("members.csv", HEADER + "".join(f"{one},x,,,\n" for one in some))
    assert (await moving.read_in(path)).count(Action.CREATE) == 10


@pytest.mark.parametrize("wanted", Format)
async def test_an_export_that_breaks_off_is_not_imported(moving: Moving, wanted: Format) -> None:
    await moving.read_in(moving.write("members.csv", HEADER + f"{NOVA},Nova,,,\n"))
    whole = (await moving.export(wanted)).read_bytes()
    end = whole.rstrip(b"\n").rfind(b"\n") + 1 if wanted is Format.JSON else len(whole) - 40
    cut = moving.write(f"cut{'.jsonl' if wanted is Format.JSON else '.zip'}", whole[:end])
    with pytest.raises((FileCutOff, FileUnreadable)):
        await moving.read_in(cut)


async def test_lines_of_json_that_cannot_be_rows_are_named_and_stop_no_other(
    moving: Moving,
) -> None:
    lines = [
        '{"format": "farout.community", "version": 1}',
        "nonsense",
        '{"section": "nothing"}',
        '{"section": "members", "discord_id": 155149108183695360, "display_name": "x"}',
        '{"section": "members", "discord_id": "77", "display_name": 7}',
        '{"section": "members", "discord_id": "77", "shoe_size": 7}',
        '{"section": "members", "username": "a\\u0000b"}',
        '{"section": "members", "discord_id": "77", "display_name": "a\\u0000b"}',
        '{"section": "members", "discord_id": "78", "display_name": "Rhea", "rank": "x\\u0000"}',
        "[]",
        '{"section": "stats", "discord_id": "79", "counter": "kudos", "value": 1e30}',
        '{"section": "awards", "name": "x", "rule": {"counters": {"points": "many"}}}',
        '{"section": "ranks", "code": "No Code", "name": "x"}',
        '{"section": "ranks", "code": "admiral", "name": "Admiral"}',
        '{"section": "members", "discord_id": "79", "display_name": "Ok", "rank": "admiral"}',
    ]

    result = await moving.read_in(moving.write("x.jsonl", "\n".join(lines)))

    assert [(line, field) for line, field, _ in errors(result)] == [
        (2, ""), (3, "section"), (4, "discord_id"), (5, "display_name"), (6, "shoe_size"),
        (7, "username"), (8, "display_name"), (9, "rank"), (10, ""), (11, "value"), (12, ""),
        (13, "code"),
    ]  # fmt: skip
    assert await moving.owner.fetchval("SELECT rank FROM members") == "admiral"
