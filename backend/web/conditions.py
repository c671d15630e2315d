"""Conditional requests (RFC 9110, 13.1): a change says which state it was made for."""

import re
from typing import Annotated

from fastapi import Depends, Header

from backend.errors import BadInput, ConditionMissing

_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_LIST = re.compile(rf"{_TAG}(?:\s*,\s*{_TAG})*\s*")
_STRONG = re.compile(r'(?:^|[\s,])"([\x21\x23-\x7e]*)"')
_LONGEST = 1000


class IfMatchMissing(ConditionMissing):
    code = "if_match_required"

    def __init__(self) -> None:
        super().__init__(
            "Send If-Match with the ETag that you read, so that nothing is overwritten."
        )


class IfMatchInvalid(BadInput):
    code = "if_match_invalid"

    def __init__(self) -> None:
        super().__init__("If-Match must hold one or more ETags, or an asterisk.")


def entity_tag(version: str) -> dict[str, str]:
    """Return the header that tells a client which state it was given."""
    return {"ETag": f'"{version}"'}


async def wanted_versions(
    if_match: Annotated[str | None, Header(description="The ETag that you read, or `*`.")] = None,
) -> frozenset[str] | None:
    """Return the states that the change may be made to, None for any."""
    if if_match is None:
        raise IfMatchMissing
    value = if_match.strip()
    if value == "*":
        return None
    if len(value) > _LONGEST or not _LIST.fullmatch(value):
        raise IfMatchInvalid
    return frozenset(_STRONG.findall(value))


IfMatch = Annotated[frozenset[str] | None, Depends(wanted_versions)]
