"""The caller's address: forwarded headers count only from proxies that are trusted."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from backend.settings import Network
from backend.web.client_address import client_address

PROXIES: tuple[Network, ...] = (ip_network("10.0.0.0/8"), ip_network("::1"))


def _request(peer: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return Request({"type": "http", "client": (peer, 1), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.9.9.9"], "198.51.100.1"),
        ("10.0.0.1", ["junk, 10.9.9.9"], "10.9.9.9"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::1", ["2001:db8::1"], "2001:db8::1"),
        ("fe80::1%eth0", [], "fe80::1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ],
)
def test_walks_back_through_trusted_proxies_alone(
    peer: str, forwarded: list[str], address: str
) -> None:
    assert client_address(_request(peer, *forwarded), PROXIES) == address


def test_trusts_nobody_by_default() -> None:
    assert client_address(_request("10.0.0.1", "198.51.100.1"), ()) == "10.0.0.1"


def test_an_unreadable_peer_has_no_address() -> None:
    assert client_address(_request("testclient"), PROXIES) is None
