"""``farout doctor``: what it finds, line by line."""

import asyncio

import typer
from rich.console import Console

from backend.doctor import Finding, examine

_MARKS = {"ok": "ok    ", "wrong": "WRONG ", "note": "note  "}
console = Console(highlight=False, soft_wrap=True)


def doctor() -> None:
    """Check settings, databases, migrations and Discord, and say how to mend what is wrong."""
    if not asyncio.run(examine(_print_finding)):
        raise typer.Exit(1)


def _print_finding(finding: Finding) -> None:
    console.print(f"{_MARKS[finding.state]} {finding.what}", markup=False)
    if finding.advice:
        console.print(f"        {finding.advice}", markup=False)
