"""SMTP_URL: what it may say, and that a connection to a server elsewhere is encrypted or not made."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backend.auth.email_address import normal_email
from backend.auth.mail.letters import write_letter
from backend.auth.mail.transports import NotSent, SmtpTransport
from backend.auth.mail_server import MailServer, check_mail_from
from tests.fixtures.application import MAIL_FROM
from tests.fixtures.mail import Mailbox, listen, port_of

TO = "nova@example.test"
LETTER = write_letter("test", site="https://farout.test")
IDENTIFIER = UUID("0197a7c4-0000-7000-8000-000000000001")
GOOD = {
    "smtp://mail.example.org": ("mail.example.org", 587, None, None, "starttls"),
    "smtps://u:p@mail.example.org": ("mail.example.org", 465, "u", "p", "tls"),
    "smtp://u%40x:p%2Fw@mail.example.org:2525": (
        "mail.example.org", 2525, "u@x", "p/w", "starttls"
    ),
    "smtp://relay:25?encryption=none": ("relay", 25, None, None, "none"),
    "smtp://localhost:1025": ("localhost", 1025, None, None, "if offered"),
    "smtp://127.0.0.1:1025": ("127.0.0.1", 1025, None, None, "if offered"),
}  # fmt: skip
BAD = {
    "mail.example.org:587": "must look like",
    "http://mail.example.org": "must look like",
    "smtp://": "must look like",
    "smtp://mail.example.org/path": "must look like",
    "smtp://user@mail.example.org": "user and a password",
    "smtp://mail.example.org?tls=off": "one option",
    "smtp://u:p@relay:25?encryption=none": "in the clear",
}


@pytest.mark.parametrize("url", GOOD)
def test_an_address_says_where_and_how(url: str) -> None:
    assert MailServer.parse(url) == MailServer(*GOOD[url])  # type: ignore[arg-type]


@pytest.mark.parametrize("url", BAD)
def test_a_bad_address_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(ValueError, match=BAD[url]):
        MailServer.parse(url)


@pytest.mark.parametrize(
    "sender",
    ["farout", "a@b.test, c@d.test", "Farout <farout@example>", "F <a@b.test>\r\nBcc: c@d.test"],
)
def test_a_bad_sender_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        check_mail_from(sender)


@pytest.mark.parametrize(
    "address",
    [
        "", "nova", "nova@host", "a@b@c.test", "a b@c.test", "a@c.test\r\nBcc: x@y.test", "a@-c.test",
        "nova@exämple.test", "n\u043eva@example.test", "<a@c.test>", "a@c.test,b@c.test", "a\0@c.test",
        "a@[127.0.0.1]", "x" * 65 + "@c.test", "a@" + "b" * 250 + ".test", '"a b"@c.test',
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="must be an e-mail address"):
        normal_email(address)


def test_only_the_domain_of_an_address_is_put_in_lower_case() -> None:
    assert normal_email(" Nova+x@Example.TEST ") == "Nova+x@example.test"


async def test_a_server_elsewhere_has_to_encrypt() -> None:
    """Somebody on the way can hide that the server offers it; then nothing is sent."""
    mailbox = Mailbox()
    server = await listen(mailbox)

    with pytest.raises(NotSent, match="STARTTLS"):
        async with SmtpTransport(_server(port_of(server), "starttls"), MAIL_FROM):
            pass

    server.close()


async def test_a_password_goes_to_a_server_with_the_right_certificate_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, certificate = _make_certificate(tmp_path)
    seen: list[LoginPassword] = []

    def authenticate(*arguments: object) -> AuthResult:
        credentials = arguments[-1]
        assert isinstance(credentials, LoginPassword)
        seen.append(credentials)
        return AuthResult(success=True)

    mailbox = Mailbox()
    server = await listen(
        mailbox, tls_context=tls, require_starttls=True, authenticator=authenticate,
        auth_required=True,
    )  # fmt: skip
    target = _server(port_of(server), "starttls", username="farout", password="s3cret")

    with pytest.raises(NotSent, match="certificate"):
        async with SmtpTransport(target, MAIL_FROM):
            pass
    assert seen == []

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with SmtpTransport(target, MAIL_FROM) as transport:
        await transport.send(IDENTIFIER, TO, LETTER)
    assert seen == [LoginPassword(b"farout", b"s3cret")]
    assert mailbox.to(TO)
    server.close()


def _server(
    port: int, encryption: str, *, username: str | None = None, password: str | None = None
) -> MailServer:
    return MailServer("localhost", port, username, password, encryption)  # type: ignore[arg-type]


def _make_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS for localhost and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
