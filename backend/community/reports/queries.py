from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Attendance, Completion, Member, Report
from backend.community.reports.errors import ReportNotFound


async def get_report(db: AsyncSession, occurrence_id: UUID) -> Report:
    report = await db.get(Report, occurrence_id, populate_existing=True)
    if report is None:
        raise ReportNotFound
    return report


async def list_lines(db: AsyncSession, occurrence_id: UUID) -> Sequence[Row[Any]]:
    """Return the lines of a report by name; an award that was taken back is not named."""
    columns = (
        "status", "role", "outcome", "minutes", "points", "result", "score", "note",
    )  # fmt: skip
    return (
        await db.execute(
            select(
                Member.discord_id.label("member"),
                Member.display_name,
                *(getattr(Attendance, name) for name in columns),
                Completion.id.label("completion_id"),
            )
            .join(Member, Member.id == Attendance.member_id)
            .outerjoin(
                Completion,
                (Completion.id == Attendance.completion_id) & Completion.revoked_at.is_(None),
            )
            .where(Attendance.occurrence_id == occurrence_id)
            .order_by(Member.display_name, Member.id)
        )
    ).all()


async def attendance_of(db: AsyncSession, occurrence_id: UUID) -> dict[str, Attendance]:
    """Return the lines that stand in the report now, by Discord id."""
    rows = await db.execute(
        select(Member.discord_id, Attendance)
        .join(Member, Member.id == Attendance.member_id)
        .where(Attendance.occurrence_id == occurrence_id)
        .execution_options(populate_existing=True)
    )
    return {row[0]: row[1] for row in rows}
