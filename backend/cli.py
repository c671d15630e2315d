"""The ``farout`` command. Each feature brings its own commands; this puts them together."""

import asyncio
import importlib
import importlib.util
import os
import sys
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from backend import __version__, asgi, logs
from backend.auth.audit_log.commands import commands as audit
from backend.auth.bans.commands import ban, unban
from backend.auth.deletion.commands import erase
from backend.auth.keys.commands import commands as keys
from backend.auth.mail.commands import commands as mail
from backend.auth.registration.commands import commands as codes
from backend.auth.users.commands import commands as users
from backend.community.commands import commands as community
from backend.community.ranks.commands import commands as ranks
from backend.doctor import Finding, examine
from backend.errors import FaroutError
from backend.schema.commands import commands as db
from backend.settings import SettingsProblem
from backend.sync import metrics
from backend.sync.commands import commands as sync
from backend.worker import WorkerSettings, run_worker

# sysexits.h: the configuration is wrong.
EX_CONFIG = 78
_MARKS = {"ok": "ok    ", "wrong": "WRONG ", "note": "note  "}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Farout: the self-hosted backend of a Discord community.",
)
app.add_typer(db, name="db")
app.add_typer(users, name="users")
app.add_typer(sync, name="sync")
app.add_typer(keys, name="keys")
app.add_typer(mail, name="mail")
users.add_typer(codes, name="codes")
app.add_typer(ranks, name="ranks")
app.add_typer(community, name="community")
users.command()(ban)
users.command()(unban)
users.command()(erase)
app.add_typer(audit, name="audit")
console = Console(highlight=False, soft_wrap=True)

# The production image does not contain the development tools.
if importlib.util.find_spec("backend.devtools") is not None:
    app.command(name="dev")(importlib.import_module("backend.devtools.commands").dev)
    app.add_typer(
        importlib.import_module("backend.devtools.fill.commands").commands, name="devtools"
    )


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = int(
        os.environ.get("PORT", "8000")
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes to serve with.")] = 1,
    side: Annotated[
        asgi.Side | None, typer.Option(help="One side as a service of its own; else both.")
    ] = None,
) -> None:
    """Serve pages and API."""
    # Read here too, so that bad settings end the command before a worker is started.
    asgi.read_serving(side)
    with metrics.shared_by(workers):
        uvicorn.run(
            f"backend.asgi:create_{side}" if side else "backend.asgi:create",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_config=None,
            **asgi.SERVER_OPTIONS,  # type: ignore[arg-type]
        )


@app.command()
def worker() -> None:
    """Take changes of users to the mirror; any number of workers may run at once."""
    settings = WorkerSettings.read()
    logs.configure("json" if settings.bridge.environment == "production" else "text")
    asyncio.run(run_worker(settings))


@app.command()
def doctor() -> None:
    """Check settings, databases, migrations and Discord, and say how to mend what is wrong."""
    if not asyncio.run(examine(_print_finding)):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    console.print(__version__)


def _print_finding(finding: Finding) -> None:
    console.print(f"{_MARKS[finding.state]} {finding.what}", markup=False)
    if finding.advice:
        console.print(f"        {finding.advice}", markup=False)


def main() -> None:
    """Run a command; what it can explain, it explains in one line and no traceback."""
    logs.configure("text")
    try:
        app(standalone_mode=True)
    except SettingsProblem as problem:
        for line in problem.problems:
            print(line, file=sys.stderr)  # noqa: T201 - this is what a command is for
        sys.exit(EX_CONFIG)
    except FaroutError as error:
        print(f"farout: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
