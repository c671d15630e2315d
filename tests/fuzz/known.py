"""What answers have named so far: with made-up ids alone, every request would end at 404."""

import random
from collections import defaultdict
from collections.abc import Collection
from typing import Any

_MOST = 200
_READ = 20
# Fields of bodies and parameters that hold a name of something, and of what.
_NAMES_OF = {
    "member": "discord_id",
    "members": "discord_id",
    "discord_ids": "discord_id",
    "leader": "discord_id",
    "actor": "uid",
    "target": "uid",
    "mission": "missions",
    "training": "trainings",
    "trainings": "trainings",
    "missions": "missions",
    "rank": "ranks",
    "code": "ranks",
    "minimum_rank": "ranks",
    "counter": "counters",
    "key": "counters",
    "counters": "counters",
    "slot": "slots",
    "challenge": "challenge",
    "cursor": "next_cursor",
}
_IDENTIFIERS = ("id", "slug", "code", "key")
_COLLECTED = frozenset({"discord_id", "uid", "next_cursor", "challenge", "refresh_token"})


class Known:
    """Values by what they name: a collection of the API, or a field that names by itself."""

    def __init__(self, chance: random.Random, spared: Collection[str]) -> None:
        self._chance = chance
        # The callers themselves: whoever bans them ends the run.
        self._spared = frozenset(spared)
        self._values: dict[str, list[Any]] = defaultdict(list)

    def learn(self, path: str, body: Any) -> None:
        """Take the names in an answer from a path of the document."""
        collection = _collection(path)
        found = body.get("items", [body]) if isinstance(body, dict) else body
        for one in found[:_READ] if isinstance(found, list) else ():
            if isinstance(one, dict):
                self._learn_one(collection, one)
        if isinstance(body, dict) and isinstance(body.get("next_cursor"), str):
            self._add("next_cursor", body["next_cursor"])

    def _learn_one(self, collection: str, one: dict[str, Any]) -> None:
        for name in _IDENTIFIERS:
            if isinstance(one.get(name), str):
                self._add(collection, one[name])
                break
        for name, value in one.items():
            if name in _COLLECTED or name.endswith("_id"):
                self._add(name, value)
            elif isinstance(value, dict):
                self._learn_one(name, value)
            elif isinstance(value, list):
                for inner in value[:_READ]:
                    if isinstance(inner, dict):
                        self._learn_one(name, inner)

    def _add(self, kind: str, value: Any) -> None:
        values = self._values[kind]
        if isinstance(value, str) and value not in self._spared and value not in values:
            values.append(value)
            del values[:-_MOST]

    def one(self, kind: str) -> Any:
        """Return something known of a kind, the newest more often; None if there is nothing."""
        values = self._values.get(kind)
        return self._chance.choice(values[-10:] + values) if values else None

    def fill_path(self, path: str, parameters: dict[str, Any]) -> None:
        """Put what exists in the place of what was made up, mostly."""
        for name in parameters:
            kind = _kind_in(path, name)
            if self._chance.random() < 0.8 and (value := self.one(kind)) is not None:
                parameters[name] = value

    def fill(self, value: Any) -> Any:
        """Return a body or query with some of its names replaced by known ones."""
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        return {name: self._fill_field(name, inner) for name, inner in value.items()}

    def _fill_field(self, name: Any, value: Any) -> Any:
        known = self.one(_NAMES_OF.get(name, str(name)))
        if known is None or self._chance.random() > 0.6:
            return self.fill(value)
        if isinstance(value, str):
            return known
        if isinstance(value, list) and all(isinstance(inner, str) for inner in value):
            return [known]
        return self.fill(value)


def _collection(path: str) -> str:
    """Return the last literal part of a path, which says what stands there."""
    return [part for part in path.split("/") if not part.startswith("{")][-1]


def _kind_in(path: str, name: str) -> str:
    if name in ("discord_id", "uid"):
        return name
    return _collection(path[: path.index("{" + name + "}")])
