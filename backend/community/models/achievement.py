from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import grants


class Achievement(Base):
    """That a member's profile names a mission or a training that was passed; with what pages sort by.

    Written by the triggers of ``listing.py`` alone. Name and rank stand here once more, so that one
    range of one index holds everybody who has done something, in the order of the directory.
    """

    __tablename__ = "achievements"
    __table_args__ = (
        Index(
            "achievements_listed_idx", "kind", "slug", "name", "member_id",
            postgresql_include=["rank", "valid_until"],
        ),
        grants(farout_app="SELECT"),
    )  # fmt: skip

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Member.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    rank: Mapped[str] = mapped_column(String(64))
    # The last day on which a training counts.
    valid_until: Mapped[date] = mapped_column(Date, server_default=text("'infinity'"))
