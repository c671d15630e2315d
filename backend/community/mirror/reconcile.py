"""Compare the mirror with auth and repair it: auth is right, and nothing newer is ever overwritten."""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, insert, select

from backend.bridge.errors import VersionOutOfRange
from backend.bridge.events import DeletedUser, UserState
from backend.bridge.users import LARGEST_VERSION, UserDirectory
from backend.community.mirror import queries
from backend.community.mirror.actions import apply_states
from backend.community.mirror.comparison import PAGE, SETTLE_SECONDS, Comparison, Suspect
from backend.community.mirror.errors import ReconcileRunning
from backend.community.mirror.queries import MirrorRow
from backend.community.models import SyncCheck
from backend.database import Database

log = logging.getLogger(__name__)

LOCK = "farout reconcile"
_KEEP_CHECKS = timedelta(days=30)
# More than so many, and more than so many in a hundred, are not deleted unasked: auth that lost them looks
# like the wrong database, an empty one, or one restored from a backup that is older than these people.
_FEW = 10
_FEW_IN_A_HUNDRED = 5

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a comparison found. ``users`` are auth's; ``held_back`` of the surplus was not deleted."""

    users: int
    missing: int
    differing: int
    surplus: int
    repaired: int
    held_back: int
    milliseconds: int

    @property
    def drift(self) -> int:
        return self.missing + self.differing + self.surplus


async def reconcile(
    mirror: Database,
    directory: UserDirectory,
    *,
    dry_run: bool = False,
    delete_many: bool = False,
    on_progress: Progress | None = None,
    page: int = PAGE,
    settle_seconds: float = SETTLE_SECONDS,
) -> Outcome:
    """Repair the mirror and keep the result in ``sync_checks``; a dry run only looks.

    Surplus users are deleted at the end, with what the community holds of them: a few, or with
    ``delete_many`` any number.
    Raises ReconcileRunning when another one is at it, and Unavailable when either side cannot be
    read: then nothing more is changed, and what is repaired already stays right. Raises
    VersionOutOfRange where the mirror has a version that auth never gave.
    """
    comparison = Comparison(mirror, directory, page, settle_seconds)
    if dry_run:
        return await _Run(comparison, on_progress, repairs=False).finish()
    async with mirror.try_lock(LOCK) as is_ours:
        if not is_ours:
            raise ReconcileRunning
        outcome = await _Run(
            comparison, on_progress, repairs=True, delete_many=delete_many
        ).finish()
        await _keep(mirror, outcome)
    log.log(
        logging.WARNING if outcome.drift else logging.INFO,
        "mirror compared with auth",
        extra={
            "action": "mirror.reconciled",
            **{name: getattr(outcome, name) for name in Outcome.__slots__},
        },
    )
    return outcome


class _Run:
    def __init__(
        self,
        comparison: Comparison,
        on_progress: Progress | None,
        *,
        repairs: bool,
        delete_many: bool = False,
    ) -> None:
        self._comparison = comparison
        self._mirror = comparison.mirror
        self._directory = comparison.directory
        self._on_progress = on_progress
        self._repairs = repairs
        self._delete_many = delete_many
        self._surplus: list[MirrorRow] = []
        self._found: Counter[str] = Counter()
        self._repaired = 0

    async def finish(self) -> Outcome:
        started = time.monotonic()
        total = await self._directory.count()
        most = await self._most_deleted()
        users = 0
        async for seen, suspects in self._comparison.stretches():
            users += seen
            self._found.update("missing" if one.is_absent else one.kind for one in suspects)
            if self._repairs and suspects:
                await self._repair(suspects, most)
            if self._on_progress is not None:
                self._on_progress(users, max(users, total.users))
        held_back = self._found["surplus"] if self._found["surplus"] > most else 0
        if self._repairs and not held_back:
            await self._bury()
        return Outcome(
            users=users,
            missing=self._found["missing"],
            differing=self._found["stale"] + self._found["damaged"],
            surplus=self._found["surplus"],
            repaired=self._repaired,
            held_back=held_back if self._repairs else 0,
            milliseconds=round((time.monotonic() - started) * 1000),
        )

    async def _most_deleted(self) -> float:
        """Return how many surplus users may be deleted without anybody's word."""
        if self._delete_many:
            return math.inf
        async with self._mirror.transaction() as db:
            mirrored = await queries.count_mirrored(db)
        return max(_FEW, mirrored * _FEW_IN_A_HUNDRED // 100)

    async def _repair(self, suspects: Sequence[Suspect], most: float) -> None:
        behind = [one.auth for one in suspects if one.auth and one.kind in ("missing", "stale")]
        self._repaired += await apply_states(self._mirror, behind)
        if damaged := [one for one in suspects if one.kind == "damaged"]:
            self._repaired += await apply_states(self._mirror, await self._announced(damaged))
        self._surplus += [one.mirror for one in suspects if one.kind == "surplus" and one.mirror]
        if self._delete_many:
            await self._bury()
        elif len(self._surplus) > most:
            # None of them is deleted, so nobody needs to know who they are.
            self._surplus.clear()

    async def _announced(self, damaged: Iterable[Suspect]) -> Sequence[UserState]:
        """Give these users versions above what the mirror has of any of them."""
        found = [(one.auth, one.mirror) for one in damaged if one.auth and one.mirror]
        above = max(row.version for _, row in found)
        if not 0 <= above <= LARGEST_VERSION:
            raise VersionOutOfRange
        return await self._directory.announce_again([state.uid for state, _ in found], above=above)

    async def _bury(self) -> None:
        """Delete the surplus users that were found so far."""
        if not self._surplus:
            return
        latest = (await self._directory.count()).latest_version
        gone = [
            DeletedUser(row.uid, row.user_id, max(latest, row.version + 1)) for row in self._surplus
        ]
        for first in range(0, len(gone), PAGE):
            self._repaired += await apply_states(self._mirror, gone[first : first + PAGE])
        self._surplus.clear()


async def _keep(mirror: Database, outcome: Outcome) -> None:
    async with mirror.transaction() as db:
        await db.execute(
            insert(SyncCheck).values(
                users=outcome.users,
                missing=outcome.missing,
                differing=outcome.differing,
                surplus=outcome.surplus,
                repaired=outcome.repaired,
                milliseconds=outcome.milliseconds,
            )
        )
        newest = select(func.max(SyncCheck.id)).scalar_subquery()
        await db.execute(
            delete(SyncCheck).where(
                SyncCheck.finished_at < func.now() - _KEEP_CHECKS, SyncCheck.id != newest
            )
        )
