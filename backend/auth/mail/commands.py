"""``farout mail``: what waits, what was given up, and whether the server takes a mail."""

import asyncio
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console

from backend.auth.email_address import normal_email
from backend.auth.mail.actions import require_mail
from backend.auth.mail.letters import write_letter
from backend.auth.mail.queries import get_queue_state
from backend.auth.mail.transports import NotSent, choose_transport
from backend.auth.settings import AuthSettings
from backend.auth.users.commands import open_auth
from backend.settings import read_settings

commands = typer.Typer(no_args_is_help=True, help="The mails that Farout sends.")
console = Console(highlight=False, soft_wrap=True)


@commands.command()
def status() -> None:
    """Show how many mails wait and which ones were given up, and why."""
    asyncio.run(_status())


async def _status() -> None:
    async with open_auth() as auth, auth.database.transaction() as db:
        state = await get_queue_state(db)
    since = f", the oldest since {state.oldest:%Y-%m-%d %H:%M} UTC" if state.oldest else ""
    console.print(f"{state.waiting} waiting{since}; {len(state.given_up)} given up.")
    for mail in state.given_up:
        moment = f"{mail.given_up_at:%Y-%m-%d %H:%M}"
        console.print(
            f"{moment}  {mail.kind} to {mail.recipient}, tries {mail.attempts}: {mail.last_error}",
            markup=False,
        )


@commands.command()
def test(address: Annotated[str, typer.Argument(help="Where to send it.")]) -> None:
    """Send a test mail now, past the queue."""
    try:
        recipient = normal_email(address)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    asyncio.run(_test(recipient))


async def _test(recipient: str) -> None:
    settings = read_settings(AuthSettings)
    require_mail(settings)
    letter = write_letter("test", site=settings.public_url)
    try:
        async with choose_transport(settings) as transport:
            await transport.send(uuid4(), recipient, letter)
    except NotSent as error:
        console.print(f"Not sent. {error}", markup=False)
        raise typer.Exit(1) from None
    console.print("The mail server took it." if settings.smtp_url else "Written to .farout/mail/.")
