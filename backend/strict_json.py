"""JSON as strangers send it: read once, one way."""

import json
from typing import Any

# Nothing that we take is nested deeper; CPython's own limit depends on its version.
DEEPEST = 64


def strict_json(content: bytes) -> Any:
    """Parse UTF-8 JSON without duplicate names, NaN or deep nesting; raises ValueError."""
    if content.count(b"[") + content.count(b"{") > DEEPEST and _depth(content) > DEEPEST:
        raise ValueError("nested too deeply")
    return json.loads(
        content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
    )


def _depth(content: bytes) -> int:
    """Return an upper bound: brackets inside strings count as well."""
    deepest = depth = 0
    for byte in content:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
