"""The hostile cases in tests/corpus, each with its expected outcome."""

import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[1] / "corpus"

Case = dict[str, Any]


@cache
def read(name: str) -> dict[str, Any]:
    """Return a whole file of the corpus, what it says about itself included."""
    content: dict[str, Any] = json.loads((CORPUS / f"{name}.json").read_text("utf-8"))
    return content


def cases(name: str) -> list[Case]:
    return list(read(name)["cases"])


def dealt(chosen: list[Case], number: int) -> list[Case]:
    """Return every eighth case, others for each number; with ALL_STRINGS set all of them.

    For proofs that try so many texts with so many cases that all pairs take an hour.
    """
    return chosen if os.environ.get("ALL_STRINGS") else chosen[number % 8 :: 8]


def by_id(chosen: Iterable[Case]) -> list[Any]:
    """Return the cases as parameters of a test, called by their own ids."""
    return [pytest.param(case, id=ascii(case["id"])[1:-1]) for case in chosen]
