"""The sections of an export, in the order in which they can be read in: each needs only those before."""

from dataclasses import dataclass, field

from backend.community.porting import catalogue_rows, event_rows, record_rows
from backend.community.porting.values import Row

FORMAT = "farout.community"
VERSION = 1


@dataclass(frozen=True)
class Section:
    """One kind of rows; as CSV a file of its own."""

    name: str
    row: type[Row]
    columns: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.row.model_fields))

    @property
    def file_name(self) -> str:
        return f"{self.name}.csv"

    @property
    def written(self) -> tuple[str, ...]:
        """The columns of an export, which names people by their Discord id alone."""
        return tuple(name for name in self.columns if name not in ("uid", "username"))


_ROWS: dict[str, type[Row]] = {
    "ranks": catalogue_rows.RankRow,
    "missions": catalogue_rows.MissionRow,
    "trainings": catalogue_rows.TrainingRow,
    "prerequisites": catalogue_rows.PrerequisiteRow,
    "counters": catalogue_rows.CounterRow,
    "awards": catalogue_rows.AwardRow,
    "members": record_rows.MemberRow,
    "occurrences": catalogue_rows.OccurrenceRow,
    "instructors": record_rows.InstructorRow,
    "rank_changes": record_rows.RankChangeRow,
    "completions": record_rows.CompletionRow,
    # Before what they add up to: values and attendance then find themselves logged.
    "counter_changes": event_rows.CounterChangeRow,
    "stats": record_rows.StatRow,
    "attendance": event_rows.AttendanceRow,
    "reports": event_rows.ReportRow,
    "award_grants": record_rows.AwardGrantRow,
    "departures": record_rows.DepartureRow,
    # Last: a closed season is counted from everything before.
    "seasons": event_rows.SeasonRow,
}
SECTIONS = {name: Section(name, row) for name, row in _ROWS.items()}
