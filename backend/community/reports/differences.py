"""What an edited report changes: who is awarded, whose award is taken back, who keeps what they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.community.models import Attendance
from backend.community.reports.schemas import NewReport, ReportLine

FIELDS = ("status", "role", "outcome", "minutes", "points", "result", "score", "note")


@dataclass
class Differences:
    """``lines`` by Discord id as they should stand, and what follows for the record."""

    lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    awards: list[str] = field(default_factory=list)
    revocations: list[UUID] = field(default_factory=list)
    kept: dict[str, UUID | None] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)


def compare(
    new: NewReport, standing: Mapping[str, Attendance], *, is_class: bool, author: str | None
) -> Differences:
    """Compare a report with what stands; nobody awards themselves.

    A line that did not change keeps its award, also one that was taken back by hand since.
    """
    found = Differences()
    for line in new.people:
        values = _values(line, new, is_class=is_class)
        found.lines[line.member] = values
        old = standing.get(line.member)
        is_same = old is not None and all(getattr(old, name) == values[name] for name in FIELDS)
        if old is not None and is_same and (old.completion_id or not _earns(values)):
            found.kept[line.member] = old.completion_id
            continue
        if old is not None and old.completion_id is not None:
            found.revocations.append(old.completion_id)
        if _earns(values) and line.member != author:
            found.awards.append(line.member)
    for member, old in standing.items():
        if member not in found.lines:
            found.gone.append(member)
            if old.completion_id is not None:
                found.revocations.append(old.completion_id)
    return found


def _earns(values: Mapping[str, Any]) -> bool:
    return values["status"] == "attended" and values["result"] in (None, "pass")


def _values(line: ReportLine, new: NewReport, *, is_class: bool) -> dict[str, Any]:
    values = line.model_dump(include=set(FIELDS))
    if line.status != "attended":
        return dict.fromkeys(FIELDS) | {"status": line.status, "note": line.note}
    if not is_class:
        values["outcome"] = line.outcome or new.outcome
    return values


def named(new: NewReport, standing: Mapping[str, Attendance]) -> Sequence[str]:
    """Return everybody whose record may change."""
    return sorted({line.member for line in new.people} | standing.keys())
