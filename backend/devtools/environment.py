"""The settings that `make run` works with: given ones first, then those of the last run, then new ones."""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from backend.auth.settings import WELL_KNOWN_ADMIN_PASSWORD
from backend.devtools.discord.standin import STANDIN_CLIENT_ID, STANDIN_CLIENT_SECRET
from backend.devtools.postgres import OWNER, Cluster, Passwords
from backend.errors import SettingsProblem

STANDIN_PATH = "/discord-standin"
_SERVICES = ("AUTH_DATABASE_URL", "DATABASE_URL")
_SYNC = "SYNC_DATABASE_URL"
# Migrations run as the owner; where no owner is given, as the role that is.
_DATABASES = (*_SERVICES, _SYNC, *(f"MIGRATION_{name}" for name in _SERVICES))
_DISCORD = ("DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET")
_PASSWORDS = {
    "owner": "POSTGRES_PASSWORD",
    "auth_service": "FAROUT_AUTH_SERVICE_PASSWORD",
    "app": "FAROUT_APP_PASSWORD",
    "sync": "FAROUT_SYNC_PASSWORD",
}
_NOTE = """\
# Written by `make run`: the settings in use. `farout ...` reads this file by itself; for psql:
#     set -a; . .farout/env; psql "$AUTH_DATABASE_URL"
"""


@dataclass
class Environment:
    """Names and values, and where they are kept between runs."""

    file: Path
    values: dict[str, str]
    passwords: Passwords
    needs_postgres: bool
    uses_standin: bool

    @classmethod
    def prepare(cls, home: Path, port: int) -> "Environment":
        """Gather the settings; raises SettingsProblem if only some databases or half of Discord is given."""
        kept = _read(home / "env")
        given = {
            name: value
            for name, value in (_read(Path(".env")) | dict(os.environ)).items()
            if value and (name in _DATABASES or name in _DISCORD)
        }
        _refuse_halves(given)
        for name in _SERVICES:
            if name in given:
                given.setdefault(f"MIGRATION_{name}", given[name])
        if "DATABASE_URL" in given:
            given.setdefault(_SYNC, given["DATABASE_URL"])
        uses_standin = not any(name in given for name in _DISCORD)
        needs_postgres = not any(name in given for name in _DATABASES)
        public_url = os.environ.get("PUBLIC_URL", f"http://localhost:{port}")
        values = {
            "ENVIRONMENT": "development",
            "PORT": str(port),
            "PUBLIC_URL": public_url,
            "ENCRYPTION_KEYS": kept.get("ENCRYPTION_KEYS", _new_key()),
            "COMMUNITY_KEYS": kept.get("COMMUNITY_KEYS", _new_key()),
            # For a receiver that somebody tries out on this machine.
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "WEBHOOK_ALLOW_HTTP": "true",
            "AUTH_SERVICE_API_KEY": kept.get("AUTH_SERVICE_API_KEY", secrets.token_hex(32)),
            "ADMIN_PASSWORD": os.environ.get("ADMIN_PASSWORD", WELL_KNOWN_ADMIN_PASSWORD),
            "REGISTRATION_MODE": os.environ.get("REGISTRATION_MODE", "open"),
            **given,
        }
        if uses_standin:
            values |= _standin_values(public_url, port)
        passwords = Passwords(
            **{one: kept[name] for one, name in _PASSWORDS.items() if name in kept}
        )
        return cls(home / "env", values, passwords, needs_postgres, uses_standin)

    def use_cluster(self, cluster: Cluster) -> None:
        """Point every database setting at the embedded cluster."""
        roles = {
            "AUTH_DATABASE_URL": ("farout_auth_service", "farout_auth"),
            "DATABASE_URL": ("farout_app", "farout"),
            _SYNC: ("farout_sync", "farout"),
            "MIGRATION_AUTH_DATABASE_URL": (OWNER, "farout_auth"),
            "MIGRATION_DATABASE_URL": (OWNER, "farout"),
        }
        self.values |= {name: cluster.url(*where) for name, where in roles.items()}
        self.values |= {name: getattr(self.passwords, one) for one, name in _PASSWORDS.items()}

    def write(self) -> None:
        """Keep the settings in a file that only its owner reads."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}='{value}'" for name, value in sorted(self.values.items())]
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_NOTE + "\n".join(lines) + "\n")
        self.file.chmod(0o600)

    def export(self) -> None:
        """Let this process read exactly these, whatever a .env for production says."""
        os.environ.update(self.values)


def _read(path: Path) -> dict[str, str]:
    found = dotenv_values(path, interpolate=False) if path.exists() else {}
    return {name: value for name, value in found.items() if value}


def _refuse_halves(given: dict[str, str]) -> None:
    problems = [
        f"{name} is not set, although {next(one for one in group if one in given)} is."
        " Set all of them, or none."
        for group in (_SERVICES, _DISCORD)
        if any(one in given for one in group)
        for name in group
        if name not in given
    ]
    if problems:
        raise SettingsProblem(problems)


def _standin_values(public_url: str, port: int) -> dict[str, str]:
    return {
        "DISCORD_CLIENT_ID": STANDIN_CLIENT_ID,
        "DISCORD_CLIENT_SECRET": STANDIN_CLIENT_SECRET,
        "DISCORD_AUTHORIZE_URL": f"{public_url}{STANDIN_PATH}/oauth2/authorize",
        "DISCORD_API_BASE_URL": f"http://127.0.0.1:{port}{STANDIN_PATH}/api/v10",
        "DISCORD_CDN_BASE_URL": f"{public_url}{STANDIN_PATH}/cdn",
    }


def _new_key() -> str:
    return "dev:" + base64.b64encode(secrets.token_bytes(32)).decode()
