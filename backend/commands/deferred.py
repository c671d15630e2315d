"""Commands that are imported when they are called, so that none pays for what another needs."""

import gc
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer import main
from typer.core import TyperCommand


class Deferred(TyperCommand):
    """Stands in the list of commands for one, or for a group, that is at ``module:attribute``."""

    def __init__(self, name: str, place: str, help: str) -> None:  # noqa: A002 - Typer's word
        super().__init__(name, help=help)
        self.place = place

    def load(self) -> Any:
        """Import the command itself: a group of Typer's, or the function of a single command."""
        module, _, attribute = self.place.partition(":")
        with _nothing_thrown_away():
            found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False)
            single.command(self.name)(found)
            found = single
        return main.get_command(found)

    def make_context(self, *args: Any, **named: Any) -> typer.Context:
        """Let the command itself read what follows its name; it is what is run, too."""
        context: typer.Context = self.load().make_context(*args, **named)
        return context


@contextmanager
def _nothing_thrown_away() -> Iterator[None]:
    """Pause the garbage collector: what is imported stays, and looking through it takes a sixth more."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
