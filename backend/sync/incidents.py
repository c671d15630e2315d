"""The four alerts: when each is on, and what it says."""

from collections.abc import Mapping
from typing import Literal

from backend.sync.figures import Figures

Name = Literal[
    "user_missing_in_mirror", "fields_out_of_step", "delivery_failing", "password_write_attempted"
]
TITLES: Mapping[Name, str] = {
    "user_missing_in_mirror": "users of auth are missing in the mirror",
    "fields_out_of_step": "the mirror is out of step with auth",
    "delivery_failing": "changes of users do not reach the mirror",
    "password_write_attempted": "the community side tried to write a password",
}
NAMES: tuple[Name, ...] = tuple(TITLES)
# An event this old says that nobody delivers, even where no attempt has failed.
_STUCK_SECONDS = 300


def judge(figures: Figures, *, recent_password_writes: int) -> dict[Name, str | None]:
    """Return for each alert what is the matter, or None if all is well; unknown ones are left out."""
    verdicts: dict[Name, str | None] = {}
    check = figures.last_check
    if check is not None:
        verdicts["user_missing_in_mirror"] = _if(
            check.missing, f"{check.missing} of {check.users} were missing at the last check."
        )
        verdicts["fields_out_of_step"] = _if(
            check.differing + check.surplus,
            f"At the last check {check.differing} users differed, and {check.surplus} were in the"
            " mirror alone.",
        )
    if figures.outbox is not None or figures.rejected:
        verdicts["delivery_failing"] = _delivery(figures)
    verdicts["password_write_attempted"] = _if(
        recent_password_writes, f"{recent_password_writes} refused statements in the last hour."
    )
    return verdicts


def _delivery(figures: Figures) -> str | None:
    outbox, rejected = figures.outbox, figures.rejected or 0
    if outbox is None:
        return _if(rejected, f"{rejected} rejected.")
    is_stuck = outbox.oldest_seconds > _STUCK_SECONDS
    return _if(
        outbox.failing or outbox.dead or rejected or is_stuck,
        f"{outbox.pending} undelivered, the oldest for {outbox.oldest_seconds:.0f} s;"
        f" {outbox.failing} failing, {outbox.dead} given up, {rejected} rejected.",
    )


def _if(condition: object, details: str) -> str | None:
    return details if condition else None
