from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import grants

ALL_TIME, LAST_30_DAYS, LAST_90_DAYS = 0, 30, 90


class Score(Base):
    """What a listed member has in one counter and period; kept by the triggers of ``standings.py``."""

    __tablename__ = "scores"
    __table_args__ = (
        Index("scores_board_idx", "period", "counter", text("value DESC"), "member_id"),
        Index("scores_due_on_idx", "due_on", postgresql_where=text("due_on IS NOT NULL")),
        grants(farout_app="SELECT"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id), primary_key=True)
    period: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    counter: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    # The day on which the oldest thing that was counted leaves a rolling period.
    due_on: Mapped[date | None] = mapped_column(Date)
