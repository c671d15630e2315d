"""Identities and users as JSON between the two services; 64-bit numbers are strings."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from backend.bridge.errors import AccountBanned
from backend.bridge.events import UserState
from backend.bridge.identity import Identity
from backend.bridge.users import UserCount

_LONG_NUMBERS = frozenset({"user_id", "version", "latest_version"})


Model = TypeVar("Model", bound=BaseModel)


class Unreadable(Exception):
    """The other service answered something else than was agreed."""


class _Ban(BaseModel):
    reason: str | None
    until: datetime | None


class _Identified(BaseModel):
    identity: Identity | None
    ban: _Ban | None = None


class _Found(BaseModel):
    user: UserState | None


class _Users(BaseModel):
    items: list[UserState]


class _OwnData(BaseModel):
    tables: dict[str, Any] | None


_COUNT = TypeAdapter(UserCount)


def write_identity(identity: Identity | None) -> bytes:
    return _write({"identity": None if identity is None else _plain(identity)})


def write_ban(ban: AccountBanned) -> bytes:
    return _write({"identity": None, "ban": {"reason": ban.reason, "until": ban.until}})


def write_user(user: UserState | None) -> bytes:
    return _write({"user": None if user is None else _plain(user)})


def write_users(users: Iterable[UserState]) -> bytes:
    return _write({"items": [_plain(user) for user in users]})


def write_count(count: UserCount) -> bytes:
    return _write(_plain(count))


def write_own_data(tables: dict[str, Any] | None) -> bytes:
    return _write({"tables": tables})


def read_own_data(body: bytes) -> dict[str, Any] | None:
    return _read(_OwnData, body).tables


def read_identity(body: bytes) -> Identity | None:
    """Raises AccountBanned if that is why nobody is there."""
    found = _read(_Identified, body)
    if found.ban is not None:
        raise AccountBanned(found.ban.reason, found.ban.until)
    return found.identity


def read_user(body: bytes) -> UserState | None:
    return _read(_Found, body).user


def read_users(body: bytes) -> Sequence[UserState]:
    return _read(_Users, body).items


def read_count(body: bytes) -> UserCount:
    try:
        return _COUNT.validate_json(body)
    except ValidationError:
        raise Unreadable from None


def _plain(value: Any) -> dict[str, Any]:
    plain = {one.name: getattr(value, one.name) for one in fields(value)}
    return plain | {name: str(plain[name]) for name in _LONG_NUMBERS & plain.keys()}


def _write(document: dict[str, Any]) -> bytes:
    # asyncpg has a UUID class of its own, which orjson does not know.
    return orjson.dumps(document, default=str, option=orjson.OPT_UTC_Z)


def _read(kind: type[Model], body: bytes) -> Model:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        raise Unreadable from None
