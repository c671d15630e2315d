"""Who is at the other end: the peer, or what a trusted proxy says of it."""

from collections.abc import Sequence
from ipaddress import ip_address

from starlette.requests import HTTPConnection

from backend.settings import Network


def client_address(request: HTTPConnection, trusted: Sequence[Network]) -> str | None:
    """Return the caller's address; ``X-Forwarded-For`` counts only as far as trusted proxies wrote it."""
    peer = _normal(request.client.host) if request.client else None
    if peer is None or not trusted:
        return peer
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    address = peer
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        if not any(ip_address(address) in network for network in trusted):
            break
        named = _normal(hop)
        if named is None:
            break
        address = named
    return address


def _normal(address: str) -> str | None:
    try:
        # A zone (fe80::1%eth0) is the peer's own business, and PostgreSQL's inet has none.
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)
