from dataclasses import dataclass
from ipaddress import ip_address, ip_network

# Whoever has an IPv6 address has a whole /64 of them.
_PREFIX = {4: 32, 6: 64}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as sessions and audit entries keep it."""

    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None

    @property
    def network(self) -> str:
        """Whom a limit counts together: an IPv4 address, or the /64 of an IPv6 one."""
        if self.ip is None:
            return "unknown"
        prefix = _PREFIX[ip_address(self.ip).version]
        return str(ip_network(f"{self.ip}/{prefix}", strict=False))


AT_A_SHELL = Origin()
