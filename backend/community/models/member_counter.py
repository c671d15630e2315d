from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.counter import Counter
from backend.community.models.member import Member
from backend.tables import grants


class MemberCounter(Base):
    """One member's value of a declared counter."""

    __tablename__ = "member_counters"
    __table_args__ = (
        # What JSON and JavaScript can hold exactly.
        CheckConstraint("value BETWEEN 0 AND 9007199254740991", "value_sane"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id), primary_key=True)
    counter: Mapped[str] = mapped_column(String(40), ForeignKey(Counter.key), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
