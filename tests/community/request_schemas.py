"""What the community's routes take, read from their own OpenAPI description."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import FastAPI

from backend.community.routes import routes

Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Leaf:
    """A single value that a route takes: where it stands in the body, and its schema."""

    row: str
    way: Way
    schema: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.row} {'.'.join(map(str, self.way))}"

    @property
    def is_text(self) -> bool:
        """Whether people may write what they like, within a length."""
        return self.schema.get("type") == "string" and not {"format", "enum"} & self.schema.keys()

    @property
    def is_long(self) -> bool:
        """Whether it is a text of several lines."""
        return bool(self.schema.get("maxLength", 0) > 120 and "pattern" not in self.schema)

    @property
    def is_number(self) -> bool:
        return self.schema.get("type") in ("integer", "number")


@cache
def _description() -> dict[str, Any]:
    app = FastAPI()
    app.router.routes.extend(routes)
    return app.openapi()


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in _description()["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/api/"):
                yield f"{method.upper()} {path}", operation


def body_leaves() -> list[Leaf]:
    """Return every value of every JSON body."""
    found = []
    for row, operation in _operations():
        if body := operation.get("requestBody"):
            schema = body["content"]["application/json"]["schema"]
            found += [Leaf(row, way, leaf) for way, leaf in _leaves(schema, ())]
    return found


def questions() -> list[tuple[str, str]]:
    """Return the path of every reading route with each value that its address takes."""
    return [
        (row.removeprefix("GET "), parameter["name"])
        for row, operation in _operations()
        if row.startswith("GET ")
        for parameter in operation.get("parameters", [])
    ]


def _leaves(schema: dict[str, Any], way: Way) -> Iterator[tuple[Way, dict[str, Any]]]:
    if "$ref" in schema:
        schema = _description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from _leaves(one, way)
    elif "additionalProperties" in schema and "properties" not in schema:
        # Names that the request chooses: which ones, the route's own tests say.
        return
    elif "properties" in schema:
        for name, one in schema["properties"].items():
            yield from _leaves(one, (*way, name))
    elif schema.get("type") == "array":
        yield from _leaves(schema["items"], (*way, 0))
    elif schema.get("type") != "null":
        yield way, schema


def put(body: Any, way: Way, value: object) -> Any:
    """Return a copy of a body with another value at that place."""
    if not way:
        return value
    first, rest = way[0], way[1:]
    if isinstance(first, int):
        return [put(body[0] if body else None, rest, value)]
    held = body or {}
    return held | {first: put(held.get(first), rest, value)}
