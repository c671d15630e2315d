from sqlalchemy import BigInteger, Identity, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class ScoreTally(Base):
    """How many members came into a bucket of values, or left it: so a place is counted, not scanned.

    Rows are only added, so writers never wait for each other; ``compact_tally`` adds them up.
    """

    __tablename__ = "score_tally"
    __table_args__ = (
        Index(
            "score_tally_board_idx", "period", "counter", "bucket", postgresql_include=["change"]
        ),
        grants(farout_app="SELECT"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    period: Mapped[int] = mapped_column(SmallInteger)
    counter: Mapped[str] = mapped_column(String(40))
    bucket: Mapped[int] = mapped_column(BigInteger)
    change: Mapped[int] = mapped_column(Integer)
