"""``farout community``: what each feature of this side brings for the shell."""

import typer

from backend.community.porting.commands import commands as porting
from backend.community.projection.commands import commands as projection
from backend.community.webhooks.commands import commands as webhooks

commands = typer.Typer(no_args_is_help=True, help="The community's record, and members in and out.")
for feature in (projection, porting):
    commands.registered_commands.extend(feature.registered_commands)
commands.add_typer(webhooks, name="webhooks")
