"""``farout users``: what the features of this side bring for the shell, in one group."""

from backend.auth.bans.commands import ban, unban
from backend.auth.deletion.commands import erase
from backend.auth.registration.commands import commands as codes
from backend.auth.users.commands import commands

commands.add_typer(codes, name="codes")
for one in (ban, unban, erase):
    commands.command()(one)
