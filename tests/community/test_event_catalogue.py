"""The events that the outside is told of: documented one by one, and carrying what they say they do."""

from pathlib import Path

from backend.community.events.catalogue import EVENT_TYPES, IN_JSON, TEST, UNTOLD, EventType

DOCUMENT = Path(__file__).parents[2] / "docs" / "webhooks.md"


def row_of(kind: EventType) -> str:
    said = "; ".join(f"`{name}`: {IN_JSON[fact.kind]}" for name, fact in kind.facts.items())
    return f"| `{kind.name}` | {kind.meaning} | {said} |"


def test_the_document_lists_exactly_the_events_of_the_catalogue() -> None:
    table = DOCUMENT.read_text(encoding="utf-8").partition("## The events")[2]
    rows = [line for line in table.splitlines() if line.startswith("| `")]

    assert rows == [row_of(kind) for kind in EVENT_TYPES.values()]


def test_nothing_is_both_told_and_kept() -> None:
    assert EVENT_TYPES.keys() & UNTOLD.keys() == set()
    assert TEST not in EVENT_TYPES.keys() | UNTOLD.keys()
    assert all(len(name) <= 64 for name in EVENT_TYPES)
