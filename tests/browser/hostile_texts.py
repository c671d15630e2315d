"""Texts that would run if they became markup, and every field of the community that takes one."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.security.corpora import cases

OF_THE_CORPUS = [one["value"] for one in cases("naughty_strings") if one["kind"] == "xss"]
# Ways out of the places where our own templates put a text.
WAYS_OUT = (
    '" autofocus onfocus=alert(1) x="', "' onmouseover='alert(1)' x='", "x onerror=alert(1) ",
    "</textarea><script>alert(1)</script>", "</option></select><img src=x onerror=alert(1)>",
    "</bdi></a><svg onload=alert(1)>", "</time><iframe src=javascript:alert(1)>",
    "--><script>alert(1)</script>",
)  # fmt: skip
TEXTS = (*OF_THE_CORPUS, *WAYS_OUT)
LINK = 'https://evil.test/"><img/src=x/onerror=alert(1)>'
UNLIMITED = 2000


def chunks(limit: int) -> list[str]:
    """Return all the texts, as many in one value as a field of this length takes."""
    found = [""]
    for text in TEXTS:
        joined = f"{found[-1]} {text}".strip()
        if len(joined) <= limit:
            found[-1] = joined
        elif len(text) <= limit:
            found.append(text)
    return found


def text_fields(openapi: dict[str, Any]) -> dict[str, int]:
    """Return every field of a request's body that takes markup, with its length: "NewRank.name"."""
    schemas = openapi["components"]["schemas"]
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for path, operations in openapi["paths"].items()
        for operation in operations.values()
        if path.startswith("/api/") and "requestBody" in operation
    ]
    found: dict[str, int] = {}
    waiting = [name for body in bodies for name in _references(body)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for field, schema in schemas[name].get("properties", {}).items():
            waiting += _references(schema)
            lengths = [_length(one) for one in _strings(schema) if _takes_markup(one)]
            if lengths:
                found[f"{name}.{field}"] = max(lengths)
    return found


def _references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].rpartition("/")[2]] if "$ref" in schema else []
        return own + [name for part in schema.values() for name in _references(part)]
    if isinstance(schema, list):
        return [name for part in schema for name in _references(part)]
    return []


def _strings(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the texts in a field's schema: itself, what it may be, what it lists or maps to."""
    if schema.get("type") == "string":
        yield schema
    inner = [*schema.get("anyOf", ()), *schema.get("patternProperties", {}).values()]
    for part in (*inner, schema.get("items"), schema.get("additionalProperties")):
        if isinstance(part, dict):
            yield from _strings(part)


def _takes_markup(schema: dict[str, Any]) -> bool:
    if {"enum", "const", "format"} & schema.keys():
        return False
    pattern = schema.get("pattern")
    return pattern is None or any(re.search(pattern, text) for text in (*TEXTS, LINK))


def _length(schema: dict[str, Any]) -> int:
    return min(int(schema.get("maxLength", UNLIMITED)), UNLIMITED)


class Feed:
    """Hands out the texts, field by field and round by round, and knows what was handed out."""

    def __init__(self, lengths: dict[str, int], fields: Sequence[str]) -> None:
        self._chunks = {name: chunks(lengths[name]) for name in fields}
        self._fed: dict[str, set[int]] = {name: set() for name in fields}
        self.round = 0

    def __call__(self, field: str) -> str:
        """Return this round's text for a field."""
        number = self.round % len(self._chunks[field])
        self._fed[field].add(number)
        return self._chunks[field][number]

    def all(self, field: str) -> list[str]:
        """Return all the texts at once, for what takes several."""
        self._fed[field] = set(range(len(self._chunks[field])))
        return self._chunks[field]

    @property
    def hungry(self) -> list[str]:
        """The fields that have not got every text yet."""
        return [name for name, fed in self._fed.items() if len(fed) < len(self._chunks[name])]
