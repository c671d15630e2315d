"""Statements that PostgreSQL refused because of the role or of a name, told to whoever wants to know."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import ExceptionContext

log = logging.getLogger(__name__)

# insufficient_privilege, undefined_column, undefined_table.
_STATES = frozenset({"42501", "42703", "42P01"})


@dataclass(frozen=True, slots=True)
class RefusedStatement:
    """The text of a statement, without its parameters, and what PostgreSQL called the refusal."""

    statement: str
    sqlstate: str


class Refusals:
    """What was refused on one database; ``on_refusal`` is told once the transaction is over."""

    def __init__(self) -> None:
        self.on_refusal: Callable[[RefusedStatement], Awaitable[None]] | None = None
        self._noted: list[RefusedStatement] = []

    def note(self, statement: str | None, error: BaseException) -> None:
        """Keep a failed statement for ``report`` if it was refused."""
        state = getattr(error, "sqlstate", None)
        if state in _STATES and statement:
            self._noted.append(RefusedStatement(statement, str(state)))

    def note_context(self, context: ExceptionContext) -> None:
        """The same as SQLAlchemy's event."""
        self.note(context.statement, context.original_exception)

    async def report(self) -> None:
        """Tell of what was noted; whatever comes of it, the caller sees their own error."""
        while self._noted:
            refused = self._noted.pop()
            log.warning(
                "statement refused",
                extra={"action": "database.refused", "sqlstate": refused.sqlstate},
            )
            if self.on_refusal is None:
                continue
            try:
                await self.on_refusal(refused)
            except Exception:
                log.exception("refusal not recorded", extra={"action": "database.unrecorded"})
