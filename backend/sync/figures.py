"""How the mirror stands, in numbers that cost little: for the health route, the metrics and the status."""

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from backend.auth.outbox.queries import OutboxState, outbox_state
from backend.auth.users.directory import Directory
from backend.community.mirror import queries
from backend.community.models import Incident, SyncCheck
from backend.community.password_writes.queries import count_password_writes
from backend.database import Database
from backend.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known; None is what this process does not reach. ``away`` names what did not answer."""

    auth_users: int | None = None
    outbox: OutboxState | None = None
    mirrored_users: int | None = None
    rejected: int | None = None
    last_check: SyncCheck | None = None
    incidents: Sequence[Incident] = ()
    password_writes: int | None = None
    away: Sequence[str] = ()

    @property
    def is_well(self) -> bool:
        """Whether nobody has to look: what is only on its way counts as well."""
        check, outbox = self.last_check, self.outbox
        return not (
            self.away
            or self.incidents
            or self.rejected
            or (outbox is not None and outbox.dead)
            or (check is not None and (check.missing or check.differing or check.surplus))
        )


async def read_figures(auth: Database | None, mirror: Database | None) -> Figures:
    """Read what is in reach; a database that does not answer is named and not raised."""
    figures = Figures()
    try:
        figures = await _read_auth(figures, auth)
    except Unavailable:
        figures = replace(figures, away=("farout_auth",))
    try:
        return await _read_mirror(figures, mirror)
    except Unavailable:
        return replace(figures, away=(*figures.away, "farout"))


async def _read_auth(figures: Figures, auth: Database | None) -> Figures:
    if auth is None:
        return figures
    users = (await Directory(auth).count()).users
    async with auth.transaction() as db:
        return replace(figures, auth_users=users, outbox=await outbox_state(db))


async def _read_mirror(figures: Figures, mirror: Database | None) -> Figures:
    if mirror is None:
        return figures
    async with mirror.transaction() as db:
        return replace(
            figures,
            mirrored_users=await queries.count_mirrored(db),
            rejected=await queries.count_rejected(db),
            last_check=await queries.find_last_check(db),
            password_writes=await count_password_writes(db),
            incidents=(await db.scalars(select(Incident).order_by(Incident.began_at))).all(),
        )


class RecentFigures:
    """The same, read anew at most every few seconds, however often somebody asks."""

    def __init__(
        self, auth: Database | None, mirror: Database | None, *, seconds: float = 2
    ) -> None:
        self._sides = (auth, mirror)
        self._seconds = seconds
        self._figures = Figures()
        self._read_at = -math.inf
        self._reading = asyncio.Lock()

    async def get(self) -> Figures:
        async with self._reading:
            if time.monotonic() - self._read_at >= self._seconds:
                self._figures = await read_figures(*self._sides)
                self._read_at = time.monotonic()
            return self._figures
