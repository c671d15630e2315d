"""Time passes in a case without anybody waiting."""

import re

from tests.fixtures.databases import Connection

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_MOMENTS = {
    "oauth_states": ("created_at", "expires_at"),
    "sessions": ("created_at", "last_seen_at", "expires_at"),
    "refresh_tokens": ("issued_at", "expires_at", "used_at"),
}


async def let_time_pass(owner: Connection, how_long: str) -> None:
    """``+601s``, ``+11min``: all that was written becomes that much older."""
    found = re.fullmatch(r"\+(\d+) ?(s|m|min|h|d)", how_long)
    assert found, f"the runner does not know how long {how_long!r} is"
    seconds = float(found[1]) * _SECONDS[found[2]]
    for table, columns in _MOMENTS.items():
        aged = ", ".join(f"{name} = {name} - make_interval(secs => $1)" for name in columns)
        await owner.execute(f"UPDATE {table} SET {aged}", seconds)
