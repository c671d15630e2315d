"""Says in a Discord channel when something is the matter with the mirror, and when it is over.

One worker at a time looks, and what was said is kept in ``incidents``: so each beginning and each end is
said once, however many workers there are and however often they start. A worker that dies between
Discord's answer and its own note says it twice; that is better than never.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.community.models import Incident
from backend.community.password_writes.queries import count_password_writes
from backend.database import Database
from backend.sync.discord_webhook import DiscordWebhook, NotSent
from backend.sync.figures import read_figures
from backend.sync.incidents import TITLES, Name, judge

log = logging.getLogger(__name__)

LOCK = "farout alerts"
_ATTEMPTS_COUNT_FOR = timedelta(hours=1)


class Alerts:
    """Keeps ``incidents`` true and, where there is a webhook, the channel informed."""

    def __init__(
        self,
        auth: Database | None,
        mirror: Database,
        webhook: DiscordWebhook | None,
        *,
        public_url: str,
    ) -> None:
        self._auth = auth
        self._mirror = mirror
        self._webhook = webhook
        self._public_url = public_url

    async def look(self) -> None:
        """Compare what is with what was said; raises Unavailable while the mirror is away."""
        async with self._mirror.try_lock(LOCK) as is_ours:
            if is_ours:
                verdicts = await self._judge()
                await self._begin({name: text for name, text in verdicts.items() if text})
                await self._end([name for name, text in verdicts.items() if not text])

    async def _judge(self) -> dict[Name, str | None]:
        figures = await read_figures(self._auth, self._mirror)
        since = datetime.now(UTC) - _ATTEMPTS_COUNT_FOR
        async with self._mirror.transaction() as db:
            attempts = await count_password_writes(db, since=since)
        return judge(figures, recent_password_writes=attempts)

    async def _begin(self, present: dict[Name, str]) -> None:
        known_before = {one.name for one in await self._incidents(list(present))}
        for name in present.keys() - known_before:
            log.error("incident", extra={"action": "alerts.began", "incident": name})
        async with self._mirror.transaction() as db:
            for name, details in present.items():
                known = insert(Incident).values(name=name, details=details)
                # What is said of it stays up to date; whether it was announced stays as it is.
                await db.execute(
                    known.on_conflict_do_update(
                        index_elements=["name"], set_={"details": known.excluded.details}
                    )
                )
        for incident in await self._incidents(list(present)):
            if incident.announced_at is None and await self._say(_beginning(incident)):
                async with self._mirror.transaction() as db:
                    await db.execute(
                        update(Incident)
                        .where(Incident.name == incident.name)
                        .values(announced_at=func.now())
                    )

    async def _end(self, absent: Sequence[Name]) -> None:
        """Forget what is over, once that was said; what was never announced goes without a word."""
        for incident in await self._incidents(absent):
            if incident.announced_at is None or await self._say(_ending(incident)):
                async with self._mirror.transaction() as db:
                    await db.execute(delete(Incident).where(Incident.name == incident.name))
                log.info("over", extra={"action": "alerts.ended", "incident": incident.name})

    async def _incidents(self, names: Sequence[Name]) -> Sequence[Incident]:
        chosen = select(Incident).where(Incident.name.in_(names)).order_by(Incident.began_at)
        async with self._mirror.transaction() as db:
            return (await db.scalars(chosen)).all()

    async def _say(self, text: str) -> bool:
        if self._webhook is None:
            return False
        try:
            await self._webhook.send(f"{text}\n{self._public_url}")
        except NotSent as error:
            log.warning("alert not sent", extra={"action": "alerts.unsent", "reason": str(error)})
            return False
        return True


def _title(incident: Incident) -> str:
    return next((title for name, title in TITLES.items() if name == incident.name), incident.name)


def _beginning(incident: Incident) -> str:
    return (
        f"**Farout: {_title(incident)}** (`{incident.name}`). {incident.details}"
        " What to do stands in docs/operations.md."
    )


def _ending(incident: Incident) -> str:
    minutes = round((datetime.now(UTC) - incident.began_at).total_seconds() / 60)
    return f"**Farout: over** (`{incident.name}`): {_title(incident)}. It lasted {minutes} min."
