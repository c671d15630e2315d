from sqlalchemy.orm import DeclarativeBase

from backend.tables import metadata


class Base(DeclarativeBase):
    """Every table of ``farout``."""

    metadata = metadata()
