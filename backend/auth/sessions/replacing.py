"""The session that a browser had before it was signed in once more."""

from sqlalchemy import CTE, LargeBinary, bindparam, func, update

from backend.auth.models import Session
from backend.auth.sessions.queries import is_live


def replaced_session() -> CTE:
    """End the session of the token ``replacing``, as part of the statement that starts another."""
    return (
        update(Session)
        .where(Session.token_hash == bindparam("replacing", type_=LargeBinary), is_live())
        .values(revoked_at=func.now(), revoked_reason="replaced")
        .returning(Session.id)
        .cte("replaced")
    )
