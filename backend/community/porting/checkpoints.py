"""How far an import has come: kept in the transactions that bring the rows, so neither without the other."""

from collections import Counter

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.audit.actions import record
from backend.community.audit.origin import AT_A_SHELL
from backend.community.models import ImportRun
from backend.database import Database

# A batch rebuilds the profiles and standings of everybody in it.
_PATIENCE = text("SET LOCAL statement_timeout = '5min'")
_SETTLE = text("""
    WITH next AS (SELECT id FROM members WHERE id > :after ORDER BY id LIMIT 5000)
    SELECT max(id) AS last, settle_attendance(array_agg(id)) FROM next
""")


async def be_patient(db: AsyncSession) -> None:
    await db.execute(_PATIENCE)


async def begin(db: AsyncSession, digest: str, name: str) -> ImportRun:
    """Return the run that was interrupted, or begin a new one."""
    run = await db.get(ImportRun, digest, with_for_update=True)
    if run is not None and run.finished_at is None:
        record(db, "import.resumed", actor=None, origin=AT_A_SHELL, digest=digest, name=run.name)
        return run
    fresh = {"name": name[:255], "position": 0, "outcomes": {}, "report_bytes": 0}
    statement = insert(ImportRun).values(digest=digest, **fresh)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[ImportRun.digest],
            set_=fresh | {"started_at": func.now(), "finished_at": None},
        )
    )
    record(db, "import.started", actor=None, origin=AT_A_SHELL, digest=digest, name=name)
    return await db.get_one(ImportRun, digest, populate_existing=True)


async def keep(
    db: AsyncSession, digest: str, position: int, outcomes: Counter[str], report_bytes: int
) -> None:
    """Write down what this transaction has done."""
    run = await db.get_one(ImportRun, digest)
    run.position, run.outcomes, run.report_bytes = position, dict(outcomes), report_bytes


async def finish(db: AsyncSession, digest: str) -> None:
    run = await db.get_one(ImportRun, digest)
    run.finished_at = func.now()
    record(
        db, "import.finished", actor=None, origin=AT_A_SHELL,
        digest=digest, name=run.name, outcomes=run.outcomes,
    )  # fmt: skip


async def settle_attendance(database: Database) -> None:
    """Make the log say what people attended, also where rows of either could not be imported."""
    after: int | None = 0
    while after is not None:
        async with database.transaction() as db:
            await be_patient(db)
            after = await db.scalar(_SETTLE, {"after": after})
