"""Values in requests that are kept and shown: what PostgreSQL stores and people can read."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field


def readable(value: str) -> str:
    """Trim, and refuse what is empty, cannot be stored, or is no single readable line."""
    text = value.strip()
    if not text or not text.isprintable():
        raise ValueError("must be one line of readable text")
    return text


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is too far away") from None


Reason = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(readable)]
Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_in_utc)]
