"""SMTP_URL and MAIL_FROM: where mails go out, and from whom."""

from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from backend.auth.email_address import normal_email

_EXAMPLE = "smtp://user:password@mail.example.org:587"
Encryption = Literal["tls", "starttls", "if offered", "none"]
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """An SMTP server and how to speak to it."""

    host: str
    port: int
    username: str | None
    password: str | None
    encryption: Encryption

    @classmethod
    def parse(cls, url: str) -> "MailServer":
        """Read ``smtp://`` (STARTTLS) or ``smtps://`` (TLS from the start); raises ValueError.

        ``?encryption=none`` sends in the clear, for a relay on the same network; then no password
        may be given. On this machine itself STARTTLS is used only if the server offers it.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
            raise ValueError(f"must look like {_EXAMPLE}")
        if bool(parts.username) != bool(parts.password):
            raise ValueError("must give a user and a password, or neither")
        encryption = _encryption(parts.scheme, parts.hostname, parts.query)
        if parts.password and encryption == "none":
            raise ValueError("must not send a password in the clear; drop encryption=none")
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            encryption=encryption,
        )


def check_mail_from(value: str) -> str:
    """Check ``Farout <farout@example.org>``, an address alone, or nothing; raises ValueError."""
    if not value:
        return value
    name, address = parseaddr(value)
    if not value.isprintable() or "," in value:
        raise ValueError("must be one sender, such as Farout <farout@example.org>")
    normal_email(address)
    if name and "<" not in value:
        raise ValueError("must be one sender, such as Farout <farout@example.org>")
    return value


def _encryption(scheme: str, host: str, query: str) -> Encryption:
    options = parse_qs(query, keep_blank_values=True)
    if options not in ({}, {"encryption": ["none"]}):
        raise ValueError("knows one option after the question mark: encryption=none")
    if scheme == "smtps":
        return "tls"
    if options:
        return "none"
    return "if offered" if _is_this_machine(host) else "starttls"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
