"""How a mail leaves the house: by SMTP, or into a folder of a developer's machine."""

import logging
import os
import re
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from backend.auth.mail.letters import Letter
from backend.auth.mail_server import MailServer
from backend.auth.settings import AuthSettings

log = logging.getLogger(__name__)

FOLDER = Path(".farout/mail")
_SECONDS = 20
# Servers like to repeat what they refuse; a link in it would be a secret in a column and a log.
_SECRETIVE = re.compile(r"[A-Za-z0-9_-]{20,}")
_LONGEST_REASON = 300


class NotSent(Exception):
    """The mail did not go out; ``is_final`` when the server will never take it."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(_SECRETIVE.sub("...", reason)[:_LONGEST_REASON])
        self.is_final = is_final


class Transport(Protocol):
    """Open for a few mails in a row; raises NotSent."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def send(self, identifier: UUID, recipient: str, letter: Letter) -> None: ...


def choose_transport(settings: AuthSettings) -> Transport:
    """Return SMTP if SMTP_URL is set, else the developer's folder."""
    server = settings.mail_server
    return SmtpTransport(server, settings.mail_from) if server else FolderTransport(FOLDER)


class SmtpTransport:
    """One connection to the server of SMTP_URL."""

    def __init__(self, server: MailServer, sender: str) -> None:
        self._sender = sender
        self._client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.encryption == "tls",
            start_tls={"starttls": True, "if offered": None}.get(server.encryption, False),
            tls_context=ssl.create_default_context(),
            local_hostname="localhost",
            timeout=_SECONDS,
        )

    async def __aenter__(self) -> Self:
        try:
            await self._client.connect()
        except (SMTPException, OSError) as error:
            self._client.close()
            raise NotSent(_reason(error)) from None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._client.quit(timeout=2)
        except (SMTPException, OSError):
            self._client.close()

    async def send(self, identifier: UUID, recipient: str, letter: Letter) -> None:
        message = put_in_envelope(self._sender, identifier, recipient, letter)
        try:
            await self._client.send_message(message)
        except (SMTPException, OSError) as error:
            raise NotSent(_reason(error), is_final=_is_final(error)) from None


class FolderTransport:
    """For development without a mail server: each mail becomes a file that its owner alone reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def send(self, identifier: UUID, recipient: str, letter: Letter) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
        path = self._folder / f"{moment}-{str(identifier)[:8]}.txt"
        unfinished = path.with_suffix(".part")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"To: {recipient}\nSubject: {letter.subject}\n\n{letter.text}")
        unfinished.rename(path)
        log.info("mail written to a file", extra={"action": "mail.written", "file": str(path)})


def put_in_envelope(sender: str, identifier: UUID, recipient: str, letter: Letter) -> EmailMessage:
    """Return the whole message; the e-mail package refuses a header with a line break in it."""
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2]
    message = EmailMessage(SMTP_POLICY)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    # The same at each attempt, so that a mail sent twice is shown once.
    message["Message-ID"] = f"<{identifier}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _is_final(error: Exception) -> bool:
    """Whether the server refused this very mail for good: 5xx, but not for who we are."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(_is_final(one) for one in error.recipients)
    return isinstance(error, (SMTPRecipientRefused, SMTPDataError)) and 500 <= error.code < 600


def _reason(error: Exception) -> str:
    if isinstance(error, SMTPRecipientsRefused):
        return "; ".join(_reason(one) for one in error.recipients)
    if isinstance(error, SMTPResponseException):
        return f"{type(error).__name__}: {error.code} {error.message}"
    return f"{type(error).__name__}: {error}"
