"""What ``farout sync`` prints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from rich.markup import escape
from rich.table import Table

from backend.community.mirror.reconcile import Outcome
from backend.sync.figures import Figures

_OUT_OF_REACH = "not in reach from here"


@dataclass(frozen=True)
class Letter:
    """An event that did not arrive, on either side."""

    event_id: UUID
    type: str
    at: datetime
    what: str
    error: str


def letter_lines(letters: Sequence[Letter]) -> Iterator[str]:
    """Say one event in a line that begins with its id, and below it why it did not arrive."""
    for one in letters:
        yield f"{one.event_id}  {one.what}  {one.type}  {_moment(one.at)}"
        yield f"    {one.error}"


def outcome_lines(outcome: Outcome, *, dry_run: bool) -> Iterator[str]:
    """Say in a few lines what a comparison found."""
    yield (
        f"{outcome.users} users compared in {outcome.milliseconds / 1000:.1f} s:"
        f" {outcome.missing} missing, {outcome.differing} differing, {outcome.surplus} surplus."
    )
    if dry_run:
        yield "Nothing was changed."
    else:
        yield f"{outcome.repaired} rows repaired."
    if outcome.held_back:
        yield (
            f"{outcome.held_back} surplus users were NOT deleted: they are more than 10, and more than 5 % of"
            " the mirror. Was farout_auth restored from an older backup, or is it another database?"
        )
        yield (
            "Deleting them erases their profiles for good. If that is meant, take a backup of farout and"
            " then: farout sync reconcile --delete-many"
        )


def status_table(figures: Figures, outcome: Outcome) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in _status_rows(figures, outcome):
        table.add_row(name, escape(value))
    return table


def _status_rows(figures: Figures, outcome: Outcome) -> Iterator[tuple[str, str]]:
    yield "users in auth", str(outcome.users)
    yield "users in the mirror", str(figures.mirrored_users)
    yield "missing in the mirror", str(outcome.missing)
    yield "fields out of step", str(outcome.differing)
    yield "surplus in the mirror", str(outcome.surplus)
    outbox = figures.outbox
    yield "undelivered events", str(outbox.pending) if outbox else _OUT_OF_REACH
    if outbox:
        yield "oldest undelivered", f"{outbox.oldest_seconds:.0f} s" if outbox.pending else "none"
        yield "failing", str(outbox.failing)
        yield "dead letters", str(outbox.dead)
    yield "rejected events", str(figures.rejected)
    check = figures.last_check
    yield (
        "last check",
        (
            f"{_moment(check.finished_at)}: {check.missing} missing, {check.differing} differing,"
            f" {check.surplus} surplus, {check.repaired} repaired"
            if check
            else "never"
        ),
    )
    for incident in figures.incidents:
        yield "open incident", f"{incident.name} since {_moment(incident.began_at)}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
