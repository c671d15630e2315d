"""The parameters of a token request: a form, as OAuth has it, or the same names in JSON."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from backend.auth.tokens.errors import TokenRequestMalformed, UnknownClient

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_LONGEST = 8192
_CLIENT = "farout"


async def read_parameters(request: Request) -> dict[str, str]:
    """Return the parameters, each a text and there once; raises TokenRequestMalformed."""
    body = await request.body()
    if not body:
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        pairs = _pairs(media_type, body)
    except (ValueError, RecursionError):
        raise TokenRequestMalformed("The body is neither a form nor a JSON object.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TokenRequestMalformed("A parameter is there twice.")
    if any(not isinstance(value, str) or len(value) > _LONGEST for value in found.values()):
        raise TokenRequestMalformed("Every parameter is a text of at most 8192 characters.")
    if found.get("client_id", _CLIENT) != _CLIENT:
        raise UnknownClient
    return found


def needed(parameters: dict[str, str], name: str) -> str:
    """Return a parameter that the request must have; raises TokenRequestMalformed."""
    value = parameters.get(name)
    if not value:
        raise TokenRequestMalformed(f"The parameter {name} is missing.")
    return value


def documented(*names: str, required: bool = True) -> dict[str, Any]:
    """Describe such a body for the OpenAPI document; the first name is the one that is needed."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": "string", "maxLength": _LONGEST} for name in names},
    }
    if required:
        schema["required"] = [names[0]]
    content = {media_type: {"schema": schema} for media_type in (_JSON, _FORM)}
    return {"requestBody": {"required": required, "content": content}}


def _pairs(media_type: str, body: bytes) -> list[tuple[str, Any]]:
    text = body.decode("utf-8")
    if media_type == _FORM:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=20)
    if media_type != _JSON:
        raise ValueError(media_type)
    parsed = json.loads(text, object_pairs_hook=_Pairs)
    if not isinstance(parsed, _Pairs):
        raise ValueError("not an object")
    return list(parsed)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with the names that occur twice still there twice."""

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        super().__init__(pairs)
