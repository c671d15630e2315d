"""How often a key is used: counted by day, and held to a rate, whatever becomes of the request.

In a statement of its own beside the request's transaction: a request that is refused or fails counts
as well, and parallel requests of one key wait for each other no longer than this takes.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Interval, Uuid, bindparam, text

from backend.community.access.errors import ApiKeyInvalid
from backend.database import Database, Statement

_WINDOW_SECONDS = 60

# A row of its own for each key and day; the rate is kept as in auth's limits (GCRA): `full_at` is until
# when the requests so far are used up, were they sent at an even pace.
_COUNT = Statement(
    text(
        """
WITH taken AS (
    UPDATE api_keys SET
        last_used_at = clock_timestamp(),
        full_at = CASE
            WHEN greatest(full_at, clock_timestamp()) + :each <= clock_timestamp() + :window
            THEN greatest(full_at, clock_timestamp()) + :each
            ELSE full_at
        END
    WHERE id = :key_id
    RETURNING id, old.full_at IS NULL OR new.full_at > old.full_at AS fits,
        extract(epoch FROM new.full_at - clock_timestamp()) AS ahead
), counted AS (
    INSERT INTO api_key_days (key_id, day, requests, refused)
    SELECT id, (clock_timestamp() AT TIME ZONE 'UTC')::date, fits::int, (NOT fits)::int FROM taken
    ON CONFLICT (key_id, day) DO UPDATE SET
        requests = api_key_days.requests + excluded.requests,
        refused = api_key_days.refused + excluded.refused
)
SELECT fits, ahead FROM taken
"""
    ).bindparams(
        bindparam("each", type_=Interval),
        bindparam("window", type_=Interval),
        bindparam("key_id", type_=Uuid),
    )
)


@dataclass(frozen=True, slots=True)
class Use:
    """What a request of a key found: whether it fits, how many more would, and when the next does."""

    fits: bool
    remaining: int
    seconds: int


async def count_use(database: Database, key_id: UUID, *, per_minute: int) -> Use:
    """Count a request of a key; raises ApiKeyInvalid for one that is gone by now."""
    each = _WINDOW_SECONDS / per_minute
    row = await database.row(
        _COUNT,
        key_id=key_id,
        each=timedelta(seconds=each),
        window=timedelta(seconds=_WINDOW_SECONDS),
    )
    if row is None:
        raise ApiKeyInvalid
    ahead = max(0.0, float(row["ahead"]))
    # Rounded, since the database keeps microseconds.
    remaining = max(0, math.floor(round((_WINDOW_SECONDS - ahead) / each, 4)))
    wait = max(0.0, ahead + each - _WINDOW_SECONDS) if remaining == 0 else ahead
    return Use(row["fits"], remaining, max(1, math.ceil(wait)))
