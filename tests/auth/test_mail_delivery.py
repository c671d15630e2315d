"""Mails: queued with the change that needs them, sent once, tried again, and given up in sight."""

import asyncio
import logging
import stat
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from backend.auth.mail.actions import queue_mail
from backend.auth.mail.delivery import deliver_due, deliver_mails
from backend.auth.mail.letters import write_letter
from backend.auth.mail.transports import FolderTransport, NotSent, put_in_envelope
from backend.auth.side import Auth
from tests.auth.local_accounts import at_a_shell
from tests.fixtures.application import MAIL_FROM, Farout, auth_settings, one_row
from tests.fixtures.databases import Connection, Server
from tests.fixtures.mail import Mailbox, html_of, port_of, text_of

TO = "nova@example.test"
_ANY_ID = UUID("0197a7c4-0000-7000-8000-000000000001")
WAITING = "SELECT * FROM mails WHERE given_up_at IS NULL"


async def queue(auth: Auth, *, to: str = TO, useful_seconds: int = 3600) -> None:
    async with auth.database.transaction() as db:
        await queue_mail(db, auth, "test", to=to, user_id=None, useful_seconds=useful_seconds)


async def make_due(owner: Connection) -> None:
    await owner.execute("UPDATE mails SET next_attempt_at = now()")


async def test_a_mail_arrives_whole_and_leaves_nothing_behind(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await queue(farout.auth)

    message = await mailbox.next(farout.auth, TO)

    assert (message["From"], message["To"]) == (MAIL_FROM, TO)
    assert message["Subject"] == "A test mail from Farout"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    assert "https://farout.test can send e-mail" in text_of(message)
    assert "https://farout.test can send e-mail" in html_of(message)
    assert await auth_owner.fetchval("SELECT count(*) FROM mails") == 0


async def test_a_change_that_does_not_happen_sends_nothing(
    farout: Farout, auth_owner: Connection
) -> None:
    async def fail() -> None:
        async with farout.auth.database.transaction() as db:
            await queue_mail(db, farout.auth, "test", to=TO, user_id=None)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert await auth_owner.fetchval("SELECT count(*) FROM mails") == 0


async def test_the_queue_shows_nobody_what_a_mail_says(
    farout: Farout, auth_owner: Connection
) -> None:
    await queue(farout.auth)
    await queue(farout.auth, to="cosmo@example.test")

    first, second = [row["body"] for row in await auth_owner.fetch(WAITING)]

    assert b"e-mail" not in first
    # A body that is moved to another row cannot be read there, so it goes to nobody else.
    await auth_owner.execute("UPDATE mails SET body = $1 WHERE body = $2", first, second)
    await deliver_due(farout.auth)
    given_up = await one_row(auth_owner, "SELECT * FROM mails WHERE given_up_at IS NOT NULL")
    assert "does not belong here" in given_up["last_error"]


async def test_many_senders_at_once_send_each_mail_once(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    for number in range(40):
        await queue(farout.auth, to=f"person{number}@example.test")

    sent = await asyncio.gather(*(deliver_due(farout.auth) for _ in range(8)))

    assert sum(sent) == 40
    assert len({message["To"] for message in mailbox.messages}) == len(mailbox.messages) == 40


async def test_a_sender_that_died_leaves_its_mail_to_the_next(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    """A claim is a moment in the future; when it has passed, the mail is anybody's again."""
    await queue(farout.auth)
    claim = "UPDATE mails SET attempts = 1, next_attempt_at = now() + interval '3 minutes'"
    await auth_owner.execute(claim)
    assert await deliver_due(farout.auth) == 0

    await make_due(auth_owner)

    assert await deliver_due(farout.auth) == 1


async def test_a_refusal_for_now_is_tried_again_and_ever_later(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await queue(farout.auth, useful_seconds=86_400)
    mailbox.answers[TO] = ["451 later"] * 4

    delays = []
    for _ in range(4):
        assert await deliver_due(farout.auth) == 0
        delays.append(
            await auth_owner.fetchval(
                "SELECT round(extract(epoch FROM next_attempt_at - now()))::int FROM mails"
            )
        )
        await make_due(auth_owner)

    assert delays == sorted(delays)
    assert delays[0] == 30
    assert delays[-1] >= 300
    assert (await mailbox.next(farout.auth, TO))["Subject"] == "A test mail from Farout"


async def test_a_refusal_for_good_is_given_up_at_once_and_stays_to_be_seen(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await queue(farout.auth)
    secret = "T" * 43
    mailbox.answers[TO] = [f"550 no, because of https://farout.test/x?token={secret}"]

    await deliver_due(farout.auth)

    mail = await one_row(auth_owner, "SELECT * FROM mails")
    assert mail["given_up_at"] is not None
    assert mail["body"] is None
    assert "550 no" in mail["last_error"]
    assert secret not in mail["last_error"] + caplog.text
    assert "given up" in caplog.text
    await make_due(auth_owner)
    assert await deliver_due(farout.auth) == 0


async def test_a_mail_that_would_come_too_late_is_given_up(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await queue(farout.auth, useful_seconds=20)
    mailbox.answers[TO] = ["451 later"]

    await deliver_due(farout.auth)

    assert (await one_row(auth_owner, "SELECT * FROM mails"))["given_up_at"] is not None


async def test_one_bad_address_does_not_hold_up_the_others(
    farout: Farout, mailbox: Mailbox
) -> None:
    await queue(farout.auth, to="gone@example.test")
    await queue(farout.auth, to="late@example.test", useful_seconds=0)
    await queue(farout.auth)
    mailbox.answers["gone@example.test"] = ["550 nobody here"]

    assert await deliver_due(farout.auth) == 3

    assert mailbox.to(TO)


async def test_a_server_that_is_away_is_not_asked_for_each_mail(
    migrated: Server, farout: Farout, auth_owner: Connection
) -> None:
    auth = _sending_to(migrated, "smtp://127.0.0.1:9")
    for _ in range(3):
        await queue(auth)

    with pytest.raises(NotSent):
        await deliver_due(auth)

    attempts = await auth_owner.fetch("SELECT attempts FROM mails ORDER BY attempts")
    assert [row["attempts"] for row in attempts] == [0, 0, 1]
    await auth.close()


async def test_the_loop_outlives_a_server_that_hangs_up(
    migrated: Server, farout: Farout, auth_owner: Connection
) -> None:
    called = asyncio.Event()

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        called.set()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    auth = _sending_to(migrated, f"smtp://127.0.0.1:{port_of(server)}")
    await queue(auth)

    task = asyncio.create_task(deliver_mails(auth))
    async with asyncio.timeout(10):
        await called.wait()
    finished, _ = await asyncio.wait([task], timeout=0.2)

    assert not finished
    assert (await one_row(auth_owner, "SELECT * FROM mails"))["attempts"] == 1
    task.cancel()
    await asyncio.wait([task])
    server.close()
    await auth.close()


async def test_an_operator_sees_what_was_given_up_and_tries_the_server(
    farout: Farout, mailbox: Mailbox
) -> None:
    await queue(farout.auth)
    mailbox.answers[TO] = ["550 nobody here"]
    await deliver_due(farout.auth)
    await queue(farout.auth, to="cosmo@example.test")

    status = await asyncio.to_thread(at_a_shell, farout, "mail", "status")
    tried = await asyncio.to_thread(at_a_shell, farout, "mail", "test", "rex@example.test")

    assert "1 waiting, the oldest since" in status
    assert "1 given up" in status
    assert "550 nobody here" in status
    assert "took it" in tried
    assert mailbox.to("rex@example.test")


@pytest.mark.parametrize("header", ["to", "subject"])
def test_no_line_break_gets_into_a_header(header: str) -> None:
    letter = write_letter("test", site="https://farout.test")
    evil = "x@example.test\r\nBcc: all@example.test"
    given = {"to": TO, "subject": letter.subject} | {header: evil}
    changed = replace(letter, subject=given["subject"])

    with pytest.raises(ValueError, match=r"(?i)linefeed|CR or LF|invalid"):
        put_in_envelope(MAIL_FROM, _ANY_ID, given["to"], changed)


async def test_without_a_server_a_developer_finds_the_mail_in_a_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = tmp_path / "mail"
    letter = write_letter("test", site="https://farout.test")

    async with FolderTransport(folder) as transport:
        await transport.send(_ANY_ID, TO, letter)

    [file] = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == f"To: {TO}\nSubject: {letter.subject}\n\n{letter.text}"
    assert letter.text.strip() not in caplog.text
    assert str(file) in str([vars(record) for record in caplog.records])


def _sending_to(server: Server, url: str) -> Auth:
    return Auth.from_settings(
        auth_settings(server, smtp_url=url, mail_from=MAIL_FROM), password_rounds=4
    )
