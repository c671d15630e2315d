"""Where each requirement of OWASP ASVS 5.0 stands: ``python -m tests.security.asvs`` prints it.

The ids and levels in tests/corpus/asvs.csv are those of ASVS 5.0.0, the titles are ours. A requirement is
proven by tests that carry its mark, or docs/security.md has a line for it.
"""

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
LEVELS = (1, 2)
Standing = Literal["proven", "met", "partly", "not applicable", "missing"]
STANDINGS: tuple[Standing, ...] = ("proven", "met", "partly", "not applicable", "missing")
_ID = r"\d+\.\d+\.\d+"
_LINE = re.compile(rf"^\| ({_ID}) \| (met|partly|not applicable) \| (\S.*) \|$", re.MULTILINE)
_MARK = re.compile(r"mark\.asvs\(([^)]*)\)")


@dataclass(frozen=True)
class Requirement:
    """A requirement by its id in the standard."""

    id: str
    level: int
    title: str

    @property
    def chapter(self) -> int:
        return int(self.id.partition(".")[0])


def requirements() -> list[Requirement]:
    """Return those of the chapters on authentication, sessions, tokens and OAuth that concern us."""
    with (ROOT / "tests/corpus/asvs.csv").open(encoding="utf-8", newline="") as file:
        return [
            Requirement(row["id"], int(row["level"]), row["title"]) for row in csv.DictReader(file)
        ]


def marked() -> dict[str, set[str]]:
    """Return for each id that a test is marked with the files of those tests."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for mark in _MARK.findall(path.read_text("utf-8")):
            for identifier in re.findall(_ID, mark):
                found.setdefault(identifier, set()).add(str(path.relative_to(ROOT)))
    return found


def lines() -> dict[str, str]:
    """Return what docs/security.md says of a requirement: met, partly or not applicable."""
    page = (ROOT / "docs/security.md").read_text("utf-8")
    found = [(identifier, standing) for identifier, standing, _ in _LINE.findall(page)]
    assert len(dict(found)) == len(found), "docs/security.md has two lines for a requirement"
    return dict(found)


def standings(wanted: Iterable[Requirement]) -> dict[Requirement, Standing]:
    """Return where each stands. A line that says less than a test claims has the last word."""
    proven, said = marked(), lines()
    found: dict[Requirement, Standing] = {}
    for one in wanted:
        line = said.get(one.id)
        if line == "partly":
            found[one] = "partly"
        elif one.id in proven:
            found[one] = "proven"
        elif line == "met":
            found[one] = "met"
        else:
            found[one] = "not applicable" if line else "missing"
    return found


def table() -> list[str]:
    """Return the counts for a terminal, one line a chapter and level, then what is not whole."""
    found = standings(one for one in requirements() if one.level in LEVELS)
    groups = sorted({(one.chapter, one.level) for one in found})
    rows = ["chapter level " + " ".join(f"{one:>14}" for one in STANDINGS)]
    for chapter, level in groups:
        of_group = [found[one] for one in found if (one.chapter, one.level) == (chapter, level)]
        rows.append(f"{f'V{chapter}':<7} {f'L{level}':<5} {_counts(of_group)}")
    rows.append(f"{'all':<13} {_counts(found.values())}")
    rows += [
        f"{standing}: {one.id} (L{one.level}) {one.title}"
        for one, standing in found.items()
        if standing in ("partly", "missing")
    ]
    return rows


def _counts(found: Iterable[Standing]) -> str:
    counts = Counter(found)
    return " ".join(f"{counts[one]:>14}" for one in STANDINGS)


if __name__ == "__main__":
    sys.stdout.write("\n".join(table()) + "\n")
