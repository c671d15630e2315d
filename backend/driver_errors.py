"""What the driver's errors mean: the server is away, two transactions met, or values are unfit."""

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError

GONE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
)

# What a server says when it does not let us in at all.
_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)

# What a row refers to was deleted while the row was written.
VANISHED = asyncpg.ForeignKeyViolationError
COLLISIONS = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    VANISHED,
)

# What a server says of values that a table cannot hold.
UNFIT = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)


def is_connection_trouble(error: DBAPIError) -> bool:
    """Whether a SQLAlchemy error means that the server is away rather than that we asked wrongly."""
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    return is_caused_by(error, *GONE, *(() if error.statement else _REFUSED))


def is_caused_by(error: DBAPIError, *kinds: type[BaseException]) -> bool:
    """Whether the driver's own error is behind it."""
    cause: BaseException | None = error.orig
    while cause is not None:
        if isinstance(cause, kinds):
            return True
        cause = cause.__cause__
    return False
