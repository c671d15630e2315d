from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class NamePart(Base):
    """Three letters that stand together in a member's name; written by the triggers of ``listing.py``.

    The key is the index: everybody with these letters, in the order of the directory, so a page is
    read from where it begins, however many there are. A trigram index finds all of them each time.
    """

    __tablename__ = "name_parts"
    __table_args__ = (grants(farout_app="SELECT"),)

    part: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    # No foreign key: it would need an index of its own. The trigger knows the whole key.
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
