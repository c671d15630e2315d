"""The ``farout`` command. Each feature brings its own commands; this says where they are.

None is imported before it is called: all of them together are the whole application.
"""

import importlib.util
import sys

import typer
from typer import main as typer_main

from backend import __version__, logs
from backend.commands.deferred import Deferred
from backend.errors import FaroutError, SettingsProblem

# sysexits.h: the configuration is wrong.
EX_CONFIG = 78

# The help is what each says of itself, where it can be read without importing it; a test compares them.
_COMMANDS = (
    ("serve", "backend.commands.serve:serve", "Serve pages and API."),
    (
        "worker",
        "backend.commands.worker:worker",
        "Take changes of users to the mirror; any number of workers may run at once.",
    ),
    (
        "doctor",
        "backend.commands.doctor:doctor",
        "Check settings, databases, migrations and Discord, and say how to mend what is wrong.",
    ),
    ("db", "backend.schema.commands:commands", "Migrations, and the proof that they hold."),
    ("users", "backend.auth.commands:commands", "The people who can sign in."),
    (
        "sync",
        "backend.sync.commands:commands",
        "The mirror of the users: how it stands, and what mends it.",
    ),
    ("keys", "backend.auth.keys.commands:commands", "The keys that sign and encrypt."),
    ("mail", "backend.auth.mail.commands:commands", "The mails that Farout sends."),
    ("ranks", "backend.community.ranks.commands:commands", "The ranks of the members."),
    (
        "community",
        "backend.community.commands:commands",
        "The community's record, and members in and out.",
    ),
    ("audit", "backend.auth.audit_log.commands:commands", "The audit log of the auth side."),
)
_OF_DEVELOPMENT = (
    (
        "dev",
        "backend.devtools.commands:dev",
        "Start Farout with an embedded PostgreSQL and a stand-in for Discord; Ctrl-C stops it.",
    ),
    (
        "devtools",
        "backend.devtools.fill.commands:commands",
        "Tools for development; not in the image.",
    ),
)

_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Farout: the self-hosted backend of a Discord community.",
)


@_app.callback()
def _only_with_a_command() -> None:
    """Keep ``version`` a command of its own although no other is registered here."""


@_app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


group = typer_main.get_group(_app)
for _name, _place, _help in _COMMANDS:
    group.add_command(Deferred(_name, _place, _help))
# The production image does not contain the development tools.
if importlib.util.find_spec("backend.devtools") is not None:
    for _name, _place, _help in _OF_DEVELOPMENT:
        group.add_command(Deferred(_name, _place, _help))


def main() -> None:
    """Run a command; what it can explain, it explains in one line and no traceback."""
    logs.configure("text")
    try:
        group(prog_name="farout")
    except SettingsProblem as problem:
        for line in problem.problems:
            print(line, file=sys.stderr)  # noqa: T201 - this is what a command is for
        sys.exit(EX_CONFIG)
    except FaroutError as error:
        print(f"farout: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
