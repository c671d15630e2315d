"""Where webhooks may go: an address that somebody typed must not lead into our own network.

A URL is judged when it is typed; the address behind its name is judged each time that something is
sent, by the very connection that is about to be made, since a name may lead elsewhere by then.
"""

import asyncio
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from backend.community.webhooks.errors import TargetRefused
from backend.community.webhooks.schemas import LONGEST_URL
from backend.settings import Network

# Some resolvers read 127.1, 0x7f000001 and 2130706433 as addresses.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
Address = IPv4Address | IPv6Address

_LOOKUPS = 50
_HTTPS, _HTTP = 443, 80
_FIRST_FREE_PORT = 1024
# Names that mean something in our own network, wherever a resolver says that they lead.
_INNER_NAMES = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "arpa",
    "onion",
)
# What `is_global` says yes to, or has said yes to in some release of Python: ways to IPv4 addresses
# through IPv6 (IPv4-mapped ones, NAT64, Teredo, 6to4), benchmarks, and what never is one machine.
_NEVER: tuple[Network, ...] = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
# All of IPv6 that is given out to networks of the internet; what is not, is none of theirs.
_GIVEN_OUT = IPv6Network("2000::/3")


@dataclass(frozen=True)
class TargetRules:
    """What an operator allows beyond the public internet over https."""

    allowed_networks: Sequence[Network] = ()
    allow_http: bool = False

    def check_url(self, text: str) -> str:
        """Return the URL as it will be asked for; raises TargetRefused."""
        url = _parse(text)
        if url.scheme != "https" and not (url.scheme == "http" and self.allow_http):
            raise TargetRefused("it must begin with https://")
        if url.user is not None or url.password is not None:
            raise TargetRefused("it must not hold a user or a password")
        if url.fragment:
            raise TargetRefused("it must not have a part behind #")
        self._check_port(url)
        self._check_host(url.host or "")
        return str(url)

    def check_address(self, text: str) -> None:
        """Refuse what is no machine of the public internet; raises TargetRefused."""
        address = ip_address(text)
        if any(address in network for network in self.allowed_networks):
            return
        if not _is_public(address):
            raise TargetRefused("its address is not one of the public internet")

    def _check_port(self, url: URL) -> None:
        usual = _HTTPS if url.scheme == "https" else _HTTP
        if url.port is None or (url.port != usual and url.port < _FIRST_FREE_PORT):
            raise TargetRefused(f"its port must be {usual}, or {_FIRST_FREE_PORT} and above")

    def _check_host(self, host: str) -> None:
        name = host.lower().rstrip(".")
        if not name:
            raise TargetRefused("it has no host")
        try:
            self.check_address(name)
        except ValueError:
            self._check_name(name)

    def _check_name(self, name: str) -> None:
        start, _, last = name.rpartition(".")
        if _NUMBER.fullmatch(last):
            raise TargetRefused("its host is neither a name nor an address")
        if (not start or last in _INNER_NAMES) and not self.allowed_networks:
            raise TargetRefused("its name is one of an inner network")


def _parse(text: str) -> URL:
    """Read a URL as the client that connects reads it."""
    if len(text) > LONGEST_URL or not text.isprintable() or " " in text or "\\" in text:
        raise TargetRefused("it is not an address")
    try:
        url = URL(text)
        return url if url.absolute else URL("")
    except ValueError:
        raise TargetRefused("it is not an address") from None


def _is_public(address: Address) -> bool:
    if any(address in network for network in _NEVER):
        return False
    if isinstance(address, IPv6Address) and (address not in _GIVEN_OUT or address.scope_id):
        return False
    return address.is_global and not address.is_multicast


class OwnThreads(AbstractResolver):
    """Asks the system, in threads of its own: a name server that hangs must not hold up others."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS, "webhook-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        look_up = partial(
            socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, family=family,
            flags=socket.AI_ADDRCONFIG,
        )  # fmt: skip
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]  # fmt: skip

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class CheckedResolver(AbstractResolver):
    """Resolves a name, and refuses it if any address that it leads to is not allowed."""

    def __init__(self, inner: AbstractResolver, rules: TargetRules) -> None:
        self._inner = inner
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            self._rules.check_address(one["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()


def checked_socket(rules: TargetRules, info: tuple[Any, ...]) -> socket.socket:
    """Open a socket for an address that is about to be connected to; raises TargetRefused.

    The last word: nothing is connected to that has not passed here, resolved or written as it is.
    """
    family, kind, protocol, _, address = info
    rules.check_address(address[0])
    opened = socket.socket(family=family, type=kind, proto=protocol)
    opened.setblocking(False)
    return opened
