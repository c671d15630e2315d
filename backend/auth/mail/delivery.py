"""Sending what is queued. Any number of processes may do it at once: each mail is claimed by one.

A claim is a moment in the future until which nobody else looks at the mail, so no transaction is
open while the server is spoken to. Whoever dies in between leaves a mail that is sent later,
perhaps a second time, with the same Message-ID.
"""

import asyncio
import logging
from datetime import timedelta

import asyncpg
from sqlalchemy import (
    Interval,
    Uuid,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from backend.auth.mail.actions import NOT_SENT, body_place
from backend.auth.mail.letters import Letter
from backend.auth.mail.transports import NotSent, Transport, choose_transport
from backend.auth.models import Mail
from backend.auth.side import Auth
from backend.database import Statement
from backend.errors import Unavailable
from backend.key_ring import NotDecipherable

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
_SERVER_AWAY_SECONDS = 10.0
_SEND_SECONDS = 60
_CLAIM = timedelta(seconds=180)
# After the last of these a mail is given up, or as soon as it would come too late.
_RETRY_SECONDS = (30, 60, 120, 300, 900, 1800, 3600, 7200, 14_400, 28_800)


def _claim_statement() -> Statement:
    due = (
        select(Mail.id)
        .where(Mail.given_up_at.is_(None), Mail.next_attempt_at <= func.now())
        .order_by(Mail.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return Statement(
        update(Mail)
        .where(Mail.id == due)
        .values(
            attempts=Mail.attempts + 1,
            next_attempt_at=func.now() + bindparam("claim", type_=Interval),
        )
        .returning(
            Mail.id,
            Mail.kind,
            Mail.recipient,
            Mail.body,
            Mail.attempts,
            (Mail.expires_at <= func.now()).label("is_late"),
        )
    )


def _postpone_statement() -> Statement:
    delay = bindparam("delay", type_=Interval)
    is_over = or_(bindparam("is_final"), Mail.expires_at <= func.now() + delay)
    return Statement(
        update(Mail)
        .where(Mail.id == bindparam("mail_id", type_=Uuid))
        .values(
            next_attempt_at=func.now() + delay,
            last_error=bindparam("reason"),
            given_up_at=case((is_over, func.now()), else_=null()),
            body=case((is_over, null()), else_=Mail.body),
        )
        .returning(Mail.given_up_at)
    )


_TAKE = _claim_statement()
_POSTPONE = _postpone_statement()
_SENT = Statement(delete(Mail).where(Mail.id == bindparam("mail_id", type_=Uuid)))
_FORGET_OLD = Statement(
    delete(Mail).where(Mail.given_up_at < func.now() - literal_column("interval '30 days'"))
)


async def deliver_mails(auth: Auth) -> None:
    """Send mails as they come, until cancelled. Whatever goes wrong, it goes on."""
    while True:
        pause = POLL_SECONDS
        try:
            await deliver_due(auth)
        except NotSent as error:
            log.warning(
                "the mail server cannot be used",
                extra={"action": "mail.server_away", "reason": str(error)},
            )
            pause = _SERVER_AWAY_SECONDS
        except Unavailable:
            pause = _SERVER_AWAY_SECONDS
        except Exception:
            log.exception("mails could not be delivered", extra={"action": "mail.failed"})
            pause = _SERVER_AWAY_SECONDS
        await asyncio.sleep(pause)


async def deliver_due(auth: Auth) -> int:
    """Send all that is due and return how many are done with; raises NotSent if no server answers."""
    if not auth.settings.can_send_mail:
        return 0
    mail = await auth.database.row(_TAKE, claim=_CLAIM)
    if mail is None:
        return 0
    sent = 0
    try:
        async with choose_transport(auth.settings) as transport:
            # After a failure the connection is made anew, at the next look.
            while mail is not None and await _deliver(auth, transport, mail):
                sent += 1
                mail = await auth.database.row(_TAKE, claim=_CLAIM)
    except NotSent as error:
        await _postpone(auth, mail, error)
        raise
    return sent


async def _deliver(auth: Auth, transport: Transport, mail: asyncpg.Record) -> bool:
    """Send one mail, or write down why not; returns whether it is done with."""
    if mail["kind"] == NOT_SENT:
        await auth.database.row(_SENT, mail_id=mail["id"])
        return True
    try:
        letter = _open(auth, mail)
        async with asyncio.timeout(_SEND_SECONDS):
            await transport.send(mail["id"], mail["recipient"], letter)
    except NotSent as error:
        await _postpone(auth, mail, error)
        # What was wrong with this mail alone says nothing of the next one.
        return error.is_final
    except TimeoutError:
        await _postpone(auth, mail, NotSent("the server took too long"))
        return False
    await auth.database.row(_SENT, mail_id=mail["id"])
    log.info("mail sent", extra={"action": "mail.sent", "mail": mail["id"], "kind": mail["kind"]})
    return True


def _open(auth: Auth, mail: asyncpg.Record) -> Letter:
    if mail["is_late"]:
        raise NotSent("it could not be sent in time", is_final=True)
    try:
        content = auth.key_ring.decrypt(mail["body"], place=body_place(mail["id"]))
    except NotDecipherable as error:
        raise NotSent(str(error), is_final=True) from None
    return Letter.from_json(content)


async def _postpone(auth: Auth, mail: asyncpg.Record, error: NotSent) -> None:
    """Try again later, or give it up: then its text goes and the reason stays."""
    attempt = mail["attempts"]
    delay = _RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS)) - 1]
    row = await auth.database.row(
        _POSTPONE,
        mail_id=mail["id"],
        delay=timedelta(seconds=delay),
        is_final=error.is_final or attempt > len(_RETRY_SECONDS),
        reason=str(error),
    )
    given_up = row is not None and row["given_up_at"] is not None
    log.log(
        logging.ERROR if given_up else logging.WARNING,
        "a mail was given up" if given_up else "a mail has to wait",
        extra={
            "action": "mail.given_up" if given_up else "mail.postponed",
            "mail": mail["id"],
            "kind": mail["kind"],
            "attempt": attempt,
            "reason": str(error),
        },
    )
    if given_up:
        await auth.database.row(_FORGET_OLD)
