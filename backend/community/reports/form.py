"""The form of a report: a row for everybody who signed up, who was reported on, or who is added."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.members.lookup import find_meant
from backend.community.members.queries import list_names
from backend.community.occurrences.queries import Found
from backend.community.reports.queries import list_lines
from backend.community.signups.queries import list_signups
from backend.web.forms import SentForm

# As many as a report takes.
_MOST = 500
FIELDS = ("status", "role", "outcome", "minutes", "result", "score", "points", "note")
_NUMBERS = ("minutes", "points")


@dataclass(frozen=True)
class Row:
    """One member in the form; every value is a text, empty for what is left to the catalogue."""

    member: str
    name: str
    values: dict[str, str]


async def rows_at_first(db: AsyncSession, found: Found) -> list[Row]:
    """Return the rows of the report that stands, then those who hold a seat and are not in it."""
    occurrence_id = found.occurrence.id
    lines = await list_lines(db, occurrence_id)
    rows = [
        Row(line.member, line.display_name, {name: _text(getattr(line, name)) for name in FIELDS})
        for line in lines
    ]
    if rows:
        return rows
    signups = await list_signups(db, occurrence_id, limit=_MOST)
    return [
        Row(one.member, one.display_name, _attended(found))
        for one in signups.signups
        if one.status == "seated"
    ]


async def rows_sent(db: AsyncSession, found: Found, sent: SentForm) -> list[Row]:
    """Return the rows as they were sent."""
    members = sent.values("member")[:_MOST]
    names = await list_names(db, members)
    return [
        Row(one, names[one], {name: sent.value(f"{name}-{one}") for name in FIELDS})
        for one in members
        if one in names
    ]


async def rows_added(
    db: AsyncSession, found: Found, sent: SentForm, present: Iterable[Row]
) -> list[Row]:
    """Return rows for those whom the field for others names; raises NobodyCalledSo and the like."""
    known = {row.member for row in present}
    added = []
    for text in sent.lines("others"):
        member = await find_meant(db, text)
        if member.discord_id not in known:
            known.add(member.discord_id)
            added.append(Row(member.discord_id, member.display_name, _attended(found)))
    return added


def report_of(sent: SentForm, rows: Iterable[Row]) -> dict[str, Any]:
    """Return what the schema of a report wants to read; a row without a status is left out."""
    return {
        "body": sent.maybe("body"),
        "outcome": sent.value("outcome") or "success",
        "people": [_line(row) for row in rows if row.values["status"]],
    }


def _line(row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {name: text.strip() or None for name, text in row.values.items()}
    for name in _NUMBERS:
        values[name] = _whole(values[name])
    values["score"] = _number(values["score"])
    return {"member": row.member, **values}


def _whole(text: str | None) -> int | str | None:
    return int(text) if text and text.isascii() and text.isdigit() else text


def _number(text: str | None) -> float | str | None:
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _attended(found: Found) -> dict[str, str]:
    result = "pass" if found.training else ""
    return dict.fromkeys(FIELDS, "") | {"status": "attended", "result": result}


def _text(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
