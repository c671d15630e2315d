"""Compare the mirror with auth and repair it: auth is right, and nothing newer is ever overwritten."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, insert, select

from backend.bridge.events import DeletedUser, UserState
from backend.bridge.users import UserCount, UserDirectory
from backend.community.mirror import queries
from backend.community.mirror.actions import apply_states
from backend.community.mirror.comparison import PAGE, SETTLE_SECONDS, Comparison, Suspect
from backend.community.mirror.errors import ReconcileRunning
from backend.community.models import SyncCheck
from backend.database import Database

log = logging.getLogger(__name__)

LOCK = "farout reconcile"
_KEEP_CHECKS = timedelta(days=30)
# Auth with less than half of the mirror's users looks like the wrong database, or an empty one.
_SUSPICIOUS_SURPLUS = 100

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

    Raises ReconcileRunning when another one is at it, and Unavailable when either side cannot be
    read: then nothing more is changed, and what is repaired already stays right.
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
        self._deletes = repairs
        self._delete_many = delete_many
        self._found: Counter[str] = Counter()
        self._repaired = 0
        self._held_back = 0

    async def finish(self) -> Outcome:
        started = time.monotonic()
        total = await self._directory.count()
        self._deletes = self._repairs and (
            self._delete_many or not await self._is_suspicious(total)
        )
        users = 0
        async for seen, suspects in self._comparison.stretches():
            users += seen
            self._found.update("missing" if one.is_absent else one.kind for one in suspects)
            if self._repairs and suspects:
                await self._repair(suspects)
            if self._on_progress is not None:
                self._on_progress(users, max(users, total.users))
        return Outcome(
            users=users,
            missing=self._found["missing"],
            differing=self._found["stale"] + self._found["damaged"],
            surplus=self._found["surplus"],
            repaired=self._repaired,
            held_back=self._held_back,
            milliseconds=round((time.monotonic() - started) * 1000),
        )

    async def _is_suspicious(self, total: UserCount) -> bool:
        async with self._mirror.transaction() as db:
            mirrored = await queries.count_mirrored(db)
        return mirrored - total.users > max(_SUSPICIOUS_SURPLUS, mirrored // 2)

    async def _repair(self, suspects: Sequence[Suspect]) -> None:
        behind = [one.auth for one in suspects if one.auth and one.kind in ("missing", "stale")]
        self._repaired += await apply_states(self._mirror, behind)
        if damaged := [one for one in suspects if one.kind == "damaged"]:
            self._repaired += await apply_states(self._mirror, await self._announced(damaged))
        if surplus := [one for one in suspects if one.kind == "surplus"]:
            await self._bury(surplus)

    async def _announced(self, damaged: Iterable[Suspect]) -> Sequence[UserState]:
        """Give these users versions above what the mirror has of any of them."""
        found = [(one.auth, one.mirror) for one in damaged if one.auth and one.mirror]
        above = max(row.version for _, row in found)
        return await self._directory.announce_again([state.uid for state, _ in found], above=above)

    async def _bury(self, surplus: Sequence[Suspect]) -> None:
        if not self._deletes:
            self._held_back += len(surplus)
            return
        latest = (await self._directory.count()).latest_version
        self._repaired += await apply_states(
            self._mirror,
            [
                DeletedUser(row.uid, row.user_id, max(latest, row.version + 1))
                for row in (one.mirror for one in surplus)
                if row is not None
            ],
        )


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
