"""What the peer benchmark starts: ``farout serve`` with its settings, in place of this process."""

import base64
import os
import secrets
import sys
from pathlib import Path

from bench.peers_setup import AUTH_ROLE, COMMUNITY_ROLE, SYNC_ROLE, url_as

CHECKOUT = Path(__file__).parents[1]
# What the benchmark's stand-in for Discord accepts.
CLIENT_ID, CLIENT_SECRET = "100000000000000001", "bench-client-secret"


def settings(port: str, database: str, discord: str) -> dict[str, str]:
    """``development`` only because production refuses a stand-in for Discord."""
    return {
        "ENVIRONMENT": "development",
        "RATE_LIMITS": "false",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "AUTH_DATABASE_URL": url_as(AUTH_ROLE, database),
        "DATABASE_URL": url_as(COMMUNITY_ROLE, database),
        "SYNC_DATABASE_URL": url_as(SYNC_ROLE, database),
        "DISCORD_CLIENT_ID": CLIENT_ID,
        "DISCORD_CLIENT_SECRET": CLIENT_SECRET,
        "DISCORD_AUTHORIZE_URL": f"{discord}/oauth2/authorize",
        "DISCORD_API_BASE_URL": f"{discord}/api/v10",
        "DISCORD_CDN_BASE_URL": f"{discord}/cdn",
        "ENCRYPTION_KEYS": "bench:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    }


def main() -> None:
    given = os.environ
    port = given["PORT"]
    environment = settings(port, given["DATABASE_URL"], given["DISCORD_URL"])
    command = [sys.executable, "-m", "backend", "serve", "--port", port]
    environment |= {"PATH": given.get("PATH", ""), "PYTHONPATH": str(CHECKOUT)}
    # Away from a .env in the checkout, which would have a say otherwise.
    os.chdir("/")
    os.execve(sys.executable, command, environment)  # noqa: S606 - a shell is not wanted here


if __name__ == "__main__":
    main()
