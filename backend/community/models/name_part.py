from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class NamePart(Base):
    """A member's name from one of its letters on, to its end; written by the triggers of ``listing.py``.

    The key is the index: whoever has some letters in the name stands in one range of it, and nobody
    else does. So a page of a search is read from where it begins, and a search that finds nobody
    reads nothing. A trigram index finds everybody with the same letters each time, and sorts them.
    """

    __tablename__ = "name_parts"
    __table_args__ = (grants(farout_app="SELECT"),)

    part: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    # No foreign key: it would need an index of its own. The trigger knows the whole key.
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
