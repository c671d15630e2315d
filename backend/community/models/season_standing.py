from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.community.models.season import Season
from backend.tables import grants


class SeasonStanding(Base):
    """What a member had reached when a season was closed; written once, by ``close_season``."""

    __tablename__ = "season_standings"
    __table_args__ = (
        Index("season_standings_place_idx", "season", "counter", "place", "member_id"),
        grants(farout_app="SELECT"),
    )

    season: Mapped[int] = mapped_column(SmallInteger, ForeignKey(Season.number), primary_key=True)
    counter: Mapped[str] = mapped_column(String(40), primary_key=True)
    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Member.id), primary_key=True, index=True
    )
    place: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[int] = mapped_column(BigInteger)
