from sqlalchemy.orm import DeclarativeBase

from backend.tables import metadata

# The role that the auth service works as. It may change rows, never tables.
SERVICE = "farout_auth_service"


class Base(DeclarativeBase):
    """Every table of ``farout_auth``."""

    metadata = metadata()
