"""Where webhooks may go: hostile addresses, judged when typed and when connected to."""

import socket
import ssl
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from backend.community.webhooks.errors import TargetRefused
from backend.community.webhooks.sending import Outcome, Sender
from backend.community.webhooks.targets import TargetRules
from tests.fixtures.certificates import make_certificate
from tests.fixtures.servers import free_port, serving_tls
from tests.fixtures.webhooks import ON_LOOPBACK, Answer, Receiver

PUBLIC = TargetRules()
HOSTILE_ADDRESSES = [
    "0.0.0.0",  # noqa: S104 - an address that nobody may be sent to
    "127.0.0.1", "127.255.255.254", "0.1.2.3", "10.0.0.1", "10.255.255.255",
    "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "169.254.170.2",
    "100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9",
    "192.0.0.170", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1",
    "239.255.255.250", "233.252.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
    "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::10.0.0.1", "100::1", "100:0:0:1::1", "2001::1",
    "2001:0:7f00:1::1", "2001:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::1", "2002:a9fe:a9fe::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::1%eth0", "fe80::a9fe:a9fe", "febf::1",
    "fec0::1", "ff02::1", "ff0e::1", "4000::1", "e000::1", "2606:4700:4700::1111%eth0",
]  # fmt: skip
PUBLIC_ADDRESSES = [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1",
    "172.32.0.1", "192.167.1.1", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001::1",
]  # fmt: skip
HOSTILE_URLS = [
    "", "x", "/hooks", "//bot.example.org/", "bot.example.org", "http://bot.example.org/",
    "ftp://bot.example.org/", "file:///etc/passwd", "gopher://bot.example.org/", "javascript:alert(1)",
    "https://", "https:///x", "https://user@bot.example.org/", "https://user:pw@bot.example.org/",
    "https://:pw@bot.example.org/", "https://bot.example.org#@127.0.0.1/", "https://bot.example.org/#x",
    "https://bot.example.org\\@127.0.0.1/", "https://bot.example.org /", "https://bot.exam\nple.org/",
    "https://bot.example.org/\x00", "https://bot.example.org:22/", "https://bot.example.org:25/",
    "https://bot.example.org:0/", "https://bot.example.org:80/", "https://bot.example.org:65536/",
    "https://bot.example.org:x/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1%25eth0]/", "https://169.254.169.254/latest/meta-data/", "https://localhost/",
    "https://LOCALHOST./", "https://a.localhost/", "https://db:5432/", "https://metadata.google.internal/",
    "https://printer.local/", "https://router.home.arpa/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://127.0.0.1./", "https://[::]/",
    "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://\u2460\u2461\u2466.0.0.1/",
    "https://" + "a" * 2100 + ".example.org/", "https://[::1", "https://]/",
]  # fmt: skip


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_an_address_that_is_not_on_the_public_internet_is_refused(address: str) -> None:
    with pytest.raises(TargetRefused):
        PUBLIC.check_address(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_an_address_on_the_public_internet_is_fine(address: str) -> None:
    PUBLIC.check_address(address)


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_url_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        PUBLIC.check_url(url)


@pytest.mark.parametrize(
    ("url", "asked_for"),
    [
        ("https://bot.example.org", "https://bot.example.org"),
        ("https://bot.example.org:8443/a?b=c", "https://bot.example.org:8443/a?b=c"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://8.8.8.8/x", "https://8.8.8.8/x"),
    ],
)
def test_a_plain_url_is_taken(url: str, asked_for: str) -> None:
    assert PUBLIC.check_url(url) == asked_for


def test_an_operator_may_allow_a_network_and_nothing_else_of_ours() -> None:
    rules = TargetRules((ip_network("10.213.61.0/28"),))

    rules.check_address("10.213.61.5")
    for other in ("10.213.61.16", "127.0.0.1", "169.254.169.254", "::ffff:10.213.61.5"):
        with pytest.raises(TargetRefused):
            rules.check_address(other)


class Names(AbstractResolver):
    """A name server that a test owns: one list of addresses for each time that it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(
                hostname=host, host=one, port=port, proto=0, flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
            )
            for one in found
        ]  # fmt: skip

    async def close(self) -> None:
        pass


async def send_to(
    url: str, rules: TargetRules, names: Names | None = None, trust: ssl.SSLContext | None = None
) -> Outcome:
    sender = Sender(rules, resolver=names, trust=trust)
    try:
        return await sender.send(url, {"webhook-id": "x"}, b"{}")
    finally:
        await sender.close()


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"]]
)
async def test_a_name_that_leads_inside_is_not_connected_to(
    receiver: Receiver, addresses: list[str]
) -> None:
    rules = TargetRules(allow_http=True)

    outcome = await send_to(f"http://evil.example.org:{receiver.port}/", rules, Names(addresses))

    assert outcome.error == "refused: its address is not one of the public internet"
    assert receiver.requests == []


async def test_a_name_that_leads_elsewhere_at_the_next_delivery_is_looked_at_again(
    receiver: Receiver,
) -> None:
    only_one = TargetRules((ip_network("127.0.0.1/32"),), allow_http=True)
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    sender = Sender(only_one, resolver=names)
    url = f"http://rebinding.example.org:{receiver.port}/"

    first = await sender.send(url, {}, b"{}")
    second = await sender.send(url, {}, b"{}")
    await sender.close()

    assert first.is_delivered
    assert second.error == "refused: its address is not one of the public internet"
    assert (len(names.asked), len(receiver.requests)) == (2, 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0", "127.1"])
async def test_an_address_in_the_url_is_looked_at_by_the_connection_itself(
    receiver: Receiver, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the check of the text were passed by a trick that nobody has thought of yet.
    monkeypatch.setattr(TargetRules, "check_url", lambda self, url: url)

    outcome = await send_to(f"http://{host}:{receiver.port}/", TargetRules(allow_http=True))

    assert outcome.error is not None
    assert receiver.requests == []


async def test_redirects_lead_nowhere(receiver: Receiver) -> None:
    receiver.judge = lambda _: Answer(307, {"location": f"{receiver.url}/elsewhere"})

    outcome = await send_to(receiver.url, ON_LOOPBACK)

    assert (outcome.status, outcome.error) == (307, "redirects are not followed")
    assert len(receiver.requests) == 1


async def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")

    assert (await send_to(receiver.url, ON_LOOPBACK)).is_delivered


async def test_the_checked_address_is_connected_to_under_the_name_of_the_certificate(
    tmp_path: Path,
) -> None:
    certificate = make_certificate(tmp_path, "bot.example.org")
    receiver = Receiver(free_port())
    names = Names(["127.0.0.1"])
    trust = ssl.create_default_context(cafile=str(certificate.authority))
    async with serving_tls(receiver, receiver.port, certificate.chain, certificate.key):
        good = await send_to(
            f"https://bot.example.org:{receiver.port}/x", ON_LOOPBACK, names, trust
        )
        other = await send_to(
            f"https://other.example.org:{receiver.port}/x", ON_LOOPBACK, names, trust
        )
        stranger = await send_to(f"https://bot.example.org:{receiver.port}/x", ON_LOOPBACK, names)

    assert good.is_delivered
    assert receiver.requests[0].headers["host"] == f"bot.example.org:{receiver.port}"
    assert (other.error, stranger.error) == ("the certificate is not trusted",) * 2
    assert len(receiver.requests) == 1


async def test_of_an_answer_the_beginning_is_kept_and_nothing_that_does_something(
    receiver: Receiver,
) -> None:
    hostile = "\x1b[31m<script>\u202e\u0000\r\n" + "x" * 5000
    receiver.judge = lambda _: Answer(500, body=hostile.encode() * 400)

    outcome = await send_to(receiver.url, ON_LOOPBACK)

    assert outcome.status == 500
    assert outcome.answer is not None
    assert outcome.answer.startswith("[31m<script> x")
    assert len(outcome.answer) == 300


async def test_who_does_not_answer_is_not_waited_for(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.community.webhooks.sending.TOTAL_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        outcome = await send_to(f"http://127.0.0.1:{silent.getsockname()[1]}/", ON_LOOPBACK)

    assert outcome.error == "no answer in time"
    refused = await send_to(f"http://127.0.0.1:{free_port()}/", ON_LOOPBACK)
    assert refused.error == "the connection was refused or broken off"
