"""What the community already has in its catalogues stays as it is; what it lacks is added."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend.community.counters.actions import MOST
from backend.community.models import Award, Counter, Mission, Rank, Training, TrainingPrerequisite
from backend.community.models.counter import DERIVED
from backend.community.porting.catalogue_rows import (
    AwardRow,
    CounterRow,
    MissionRow,
    PrerequisiteRow,
    RankRow,
    TrainingRow,
)
from backend.community.porting.handlers.inserting import insert_rows
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Import,
    Outcome,
    refused,
)
from backend.community.porting.ids import derived_id
from backend.community.text_fields import Code

_CODE: TypeAdapter[str] = TypeAdapter(Code)


async def add_ranks(db: AsyncSession, rows: Sequence[RankRow], run: Import) -> list[Outcome]:
    """Add steps in their place on the ladder, on top if that is taken."""
    ladder = await db.execute(select(Rank.code, Rank.position))
    positions = {row.code: row.position for row in ladder}
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        if row.code in positions or not row.is_step:
            outcomes.append(UNCHANGED)
            continue
        if (problem := _unfit_for_the_ladder(row)) is not None:
            outcomes.append(problem)
            continue
        taken = positions.values()
        position = row.position
        if position is None or position in taken:
            position = max(taken, default=0) + 1
        positions[row.code] = position
        new.append(_with(row, run, position=position))
        outcomes.append(CREATED)
    await insert_rows(db, Rank, new)
    return outcomes


def _unfit_for_the_ladder(row: RankRow) -> Outcome | None:
    if row.name is None:
        return refused("name", "is missing")
    try:
        _CODE.validate_python(row.code)
    except ValidationError as error:
        return refused("code", error.errors()[0]["msg"])
    return None


async def add_missions(db: AsyncSession, rows: Sequence[MissionRow], run: Import) -> list[Outcome]:
    return await _keep_or_add(
        db,
        Mission,
        Mission.slug,
        rows,
        lambda row: _with(row, run, id=_id(row, run), points=row.points or 0),
    )


async def add_trainings(
    db: AsyncSession, rows: Sequence[TrainingRow], run: Import
) -> list[Outcome]:
    codes = set(await db.scalars(select(Rank.code)))
    outcomes = await _keep_or_add(
        db, Training, Training.slug, [row for row in rows if _may_need(row, codes)],
        lambda row: _with(
            row, run, id=_id(row, run), points=row.points or 0, level=row.level or 1
        ),
    )  # fmt: skip
    known = iter(outcomes)
    unknown = refused("minimum_rank", "is not on the ladder")
    return [next(known) if _may_need(row, codes) else unknown for row in rows]


def _may_need(row: TrainingRow, codes: set[str]) -> bool:
    return row.minimum_rank is None or row.minimum_rank in codes


async def add_prerequisites(
    db: AsyncSession, rows: Sequence[PrerequisiteRow], run: Import
) -> list[Outcome]:
    trainings = await db.execute(select(Training.slug, Training.id))
    ids = {row.slug: row.id for row in trainings}
    known = await db.execute(
        select(TrainingPrerequisite.training_id, TrainingPrerequisite.required_id)
    )
    pairs = {(row.training_id, row.required_id) for row in known}
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        missing = [name for name in ("training", "requires") if getattr(row, name) not in ids]
        pair = (ids.get(row.training), ids.get(row.requires))
        if missing:
            outcomes.append(refused(missing[0], "is no training of the catalogue"))
        elif row.training == row.requires:
            outcomes.append(refused("requires", "is the training itself"))
        elif pair in pairs:
            outcomes.append(UNCHANGED)
        else:
            new.append({"training_id": pair[0], "required_id": pair[1]})
            outcomes.append(CREATED)
    await insert_rows(db, TrainingPrerequisite, new)
    return outcomes


async def add_counters(db: AsyncSession, rows: Sequence[CounterRow], run: Import) -> list[Outcome]:
    room = MOST - (await db.scalar(select(func.count()).select_from(Counter)) or 0)
    known = set(await db.scalars(select(Counter.key)))
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        if row.key in known:
            outcomes.append(UNCHANGED)
        elif row.key in DERIVED:
            outcomes.append(refused("key", "is counted from the record and cannot be declared"))
        elif len(new) >= room:
            outcomes.append(refused("key", f"is one too many; there may be {MOST} counters"))
        else:
            new.append(_with(row, run))
            outcomes.append(CREATED)
    await insert_rows(db, Counter, new)
    return outcomes


async def add_awards(db: AsyncSession, rows: Sequence[AwardRow], run: Import) -> list[Outcome]:
    """Add awards; they are known by their id, or without one by their name."""
    found = await db.execute(select(Award.id, Award.name))
    known = {key for row in found for key in (row.id, row.name)}
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        if (row.id or row.name) in known:
            outcomes.append(UNCHANGED)
        else:
            new.append(_with(row, run, id=row.id or derived_id(run.started_at, "award", row.name)))
            outcomes.append(CREATED)
    await insert_rows(db, Award, new)
    return outcomes


async def _keep_or_add(
    db: AsyncSession,
    model: type[Mission] | type[Training],
    key: InstrumentedAttribute[str],
    rows: Sequence[Any],
    values: Callable[[Any], dict[str, Any]],
) -> list[Outcome]:
    known = set(await db.scalars(select(key).where(key.in_([row.slug for row in rows]))))
    await insert_rows(db, model, [values(row) for row in rows if row.slug not in known])
    return [UNCHANGED if row.slug in known else CREATED for row in rows]


def _id(row: MissionRow | TrainingRow, run: Import) -> Any:
    return row.id or derived_id(row.created_at or run.started_at, type(row).__name__, row.slug)


def _with(row: Any, run: Import, **values: Any) -> dict[str, Any]:
    """Return the columns of a row that is to be added; it was made now unless it says when."""
    columns: dict[str, Any] = row.model_dump()
    return columns | {"created_at": row.created_at or run.started_at} | values
