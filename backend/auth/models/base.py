from sqlalchemy import BigInteger, Sequence
from sqlalchemy.orm import DeclarativeBase

from backend.tables import grant_sequence, metadata

# The role that the auth service works as. It may change rows, never tables.
SERVICE = "farout_auth_service"


class Base(DeclarativeBase):
    """Every table of ``farout_auth``."""

    metadata = metadata()


# One for all users, so that versions can be compared even after a user was deleted.
USER_VERSIONS = Sequence("user_versions", data_type=BigInteger, metadata=Base.metadata)
# UPDATE is for setval: after a restored backup the sequence has to overtake the mirror.
grant_sequence(USER_VERSIONS, farout_auth_service="USAGE, SELECT, UPDATE")
