"""Add Farout to a copy of the peer benchmark: ``python -m bench.peers_add FOLDER``."""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def entry() -> dict[str, Any]:
    """Farout's entry, with this checkout and this Python filled in."""
    text = (HERE / "peers-farout.json").read_text()
    for placeholder, value in (("{checkout}", HERE.parent), ("{python}", sys.executable)):
        text = text.replace(placeholder, json.dumps(str(value))[1:-1])
    found: dict[str, Any] = json.loads(text)
    return found


def add_to(systems: Path) -> None:
    """Put the entry at the end of systems.json, in place of an older one."""
    farout = entry()
    others = [one for one in json.loads(systems.read_text()) if one["name"] != farout["name"]]
    systems.write_text(json.dumps([*others, farout], indent=2) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bench.peers_add FOLDER")
    add_to(Path(sys.argv[1]) / "systems.json")
