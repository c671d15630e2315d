"""Importing a file: in batches that each leave a checkpoint, or all of it to be taken back."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from backend.community.porting import checkpoints
from backend.community.porting.batches import Batch, Done, do_batch, read_ahead
from backend.community.porting.errors import ImportRunning
from backend.community.porting.handlers.outcomes import Action, Import
from backend.community.porting.inspection import Inspection, inspect, records_after
from backend.community.porting.records import Source
from backend.community.porting.report import Report
from backend.database import Database

LOCK = "farout community import"
_TRIES = 5
# Two transactions that met: a deadlock, or a lock that could not be had.
_WORTH_ANOTHER_TRY = ("40P01", "40001", "55P03")
_SHOWN = 20

Progress = Callable[[str, int, int], None]


@dataclass
class Result:
    """What became of the rows of a file, by section and action."""

    outcomes: Counter[str] = field(default_factory=Counter)
    first_errors: list[Done] = field(default_factory=list)
    resumed_at: int = 0
    # Whether there were errors and nothing was to be written then.
    stopped: bool = False

    def count(self, action: Action, section: str | None = None) -> int:
        return sum(
            number
            for key, number in self.outcomes.items()
            if key.endswith(f" {action}") and section in (None, key.split()[0])
        )

    def add(self, done: Sequence[Done]) -> None:
        for one in done:
            self.outcomes[f"{one.record.section or 'file'} {one.outcome.action}"] += 1
            is_shown = len(self.first_errors) < _SHOWN
            if one.outcome.action is Action.ERROR and is_shown:
                self.first_errors.append(one)


@dataclass(frozen=True)
class Wish:
    """How a file is to be imported."""

    dry_run: bool = False
    strict: bool = False
    report: Path | None = None


class _TakenBack(Exception):
    """Ends the transaction of a dry run."""


def _quiet(what: str, done: int, total: int) -> None:
    pass


async def import_file(
    database: Database, source: Source, wish: Wish, *, on_progress: Progress = _quiet
) -> Result:
    """Import a file; one that was interrupted goes on where it stopped.

    Raises ImportRunning, FileUnreadable, FileCutOff, IdsRounded.
    """
    async with database.try_lock(LOCK) as is_ours:
        if not is_ours:
            raise ImportRunning
        on_progress("reading", 0, 0)
        seen = await asyncio.to_thread(inspect, source)
        importer = _Importer(database, source, seen, on_progress)
        if wish.dry_run:
            return await importer.try_out(wish.report)
        if wish.strict:
            tried = await importer.try_out(wish.report)
            if tried.count(Action.ERROR) or source.remarks:
                tried.stopped = True
                return tried
        return await importer.carry_out(wish.report)


class _Importer:
    def __init__(
        self, database: Database, source: Source, seen: Inspection, on_progress: Progress
    ) -> None:
        self._database = database
        self._source = source
        self._seen = seen
        self._on_progress = on_progress

    async def try_out(self, path: Path | None) -> Result:
        """Do everything in one transaction and take it back."""
        result = Result()
        report = Report(path) if path else None
        run = self._run(locks=False)
        try:
            async with (
                aclosing(read_ahead(self._source.records())) as batches,
                self._database.transaction() as db,
            ):
                await checkpoints.be_patient(db)
                done = 0
                async for batch in batches:
                    found = await do_batch(db, batch, run)
                    if report:
                        report.length = report.write(found)
                    done += len(batch.records)
                    result.add(found)
                    self._on_progress("trying", done, self._seen.total)
                raise _TakenBack
        except _TakenBack:
            return result
        finally:
            if report:
                report.close()

    async def carry_out(self, path: Path | None) -> Result:
        """Do the rows that are not done yet, a transaction for each batch."""
        async with self._database.transaction() as db:
            begun = await checkpoints.begin(db, self._seen.digest, self._source.name)
        result = Result(Counter(begun.outcomes), resumed_at=begun.position)
        report = Report(path, keep=begun.report_bytes) if path else None
        run = self._run(locks=True)
        position = begun.position
        try:
            async with aclosing(read_ahead(records_after(self._source, position))) as batches:
                async for batch in batches:
                    position += len(batch.records)
                    result.add(await self._carry_out(batch, position, run, result, report))
                    self._on_progress("importing", position, self._seen.total)
        finally:
            if report:
                report.close()
        if self._seen.rows["counter_changes"] or self._seen.rows["attendance"]:
            await checkpoints.settle_attendance(self._database)
        async with self._database.transaction() as db:
            await checkpoints.finish(db, self._seen.digest)
        return result

    async def _carry_out(
        self,
        batch: Batch,
        position: int,
        run: Import,
        so_far: Result,
        report: Report | None,
    ) -> list[Done]:
        for attempt in range(_TRIES):
            try:
                async with self._database.transaction() as db:
                    await checkpoints.be_patient(db)
                    done = await do_batch(db, batch, run)
                    counted = Result(Counter(so_far.outcomes))
                    counted.add(done)
                    length = report.write(done) if report else 0
                    await checkpoints.keep(
                        db, self._seen.digest, position, counted.outcomes, length
                    )
                if report:
                    report.length = length
                return done
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                if state not in _WORTH_ANOTHER_TRY or attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _run(self, *, locks: bool) -> Import:
        return Import(
            name=self._source.name,
            off_ladder=self._seen.off_ladder,
            has_careers=self._seen.rows["rank_changes"] > 0,
            locks=locks,
        )
