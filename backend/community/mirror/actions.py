"""Writing the mirror, as farout_sync: the newest version wins, whatever comes late, twice or in disorder."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text

from backend.bridge.event_codec import encode
from backend.bridge.events import DeletedUser, Event, UserState
from backend.bridge.users import UserDirectory
from backend.community.mirror import queries
from backend.community.mirror.errors import MirrorBusy
from backend.database import Collision, Database, Rows, Statement

_TRIES = 5

# Rows are locked in the order of their ids, so that two workers cannot wait for each other.
_UPSERT = """
    INSERT INTO userbase (
        user_id, uid, discord_id, username, email, role, is_active, version, synced_at, deleted_at
    )
    SELECT user_id, uid, discord_id, username, email, coalesce(role, 'member'),
        coalesce(is_active, false), version, clock_timestamp(),
        CASE WHEN username IS NULL THEN clock_timestamp() END
    FROM unnest(
        CAST(:user_ids AS bigint[]), CAST(:uids AS uuid[]), CAST(:versions AS bigint[]),
        CAST(:usernames AS text[]), CAST(:discord_ids AS text[]), CAST(:emails AS text[]),
        CAST(:roles AS text[]), CAST(:actives AS boolean[])
    ) AS state (user_id, uid, version, username, discord_id, email, role, is_active)
    ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET
        uid = excluded.uid, discord_id = excluded.discord_id, username = excluded.username,
        email = excluded.email, role = excluded.role, is_active = excluded.is_active,
        version = excluded.version, synced_at = excluded.synced_at,
        deleted_at = excluded.deleted_at
    WHERE userbase.version < excluded.version
    RETURNING user_id
"""
_APPLY = Statement(text(f"WITH applied AS ({_UPSERT}) SELECT count(*) AS count FROM applied"))  # noqa: S608
# The profile is made with the mirrored row or beside one that is there. Locking that row waits for
# a deletion that is under way, after which there is nobody left to make a profile for.
_LINK = """
    known AS (
        SELECT user_id FROM userbase
        WHERE user_id = :user_id AND discord_id = :discord_id AND deleted_at IS NULL
        FOR SHARE
    ),
    linked AS (
        INSERT INTO members (discord_id, display_name, avatar_url)
        SELECT CAST(:discord_id AS text), CAST(:display_name AS text), CAST(:avatar_url AS text)
        WHERE EXISTS (SELECT FROM applied) OR EXISTS (SELECT FROM known)
        ON CONFLICT (discord_id) DO NOTHING
    )
"""
_APPLY_AND_LINK = Statement(
    text(f"WITH applied AS ({_UPSERT}), {_LINK} SELECT count(*) AS count FROM applied")  # noqa: S608
)

_PARK = Statement(
    text("""
        INSERT INTO rejected_events (event_id, type, body, error)
        SELECT :event_id, left(coalesce(document ->> 'type', ''), 64), document, :reason
        FROM (SELECT CAST(:body AS text)::jsonb AS document) AS parked
        ON CONFLICT (event_id) DO NOTHING
    """)
)


async def apply_events(database: Database, events: Sequence[Event]) -> int:
    """Take events in, in one transaction; returns how many users they changed.

    Raises DatabaseUnavailable, and ValuesRefused when the database cannot hold what one of them says.
    """
    plain = [event.user for event in events if event.profile is None]
    first_seen = [event for event in events if event.profile is not None]
    for _ in range(_TRIES):
        try:
            async with database.rows() as rows:
                changed = await _apply(rows, plain)
                for event in sorted(first_seen, key=lambda one: one.user.user_id):
                    changed += await _apply_and_link(rows, event)
                return changed
        except Collision:
            continue
    raise MirrorBusy


async def apply_states(database: Database, states: Iterable[UserState | DeletedUser]) -> int:
    """The same for states that were read rather than announced."""
    for _ in range(_TRIES):
        try:
            async with database.rows() as rows:
                return await _apply(rows, states)
        except Collision:
            continue
    raise MirrorBusy


async def park(database: Database, event_id: UUID, body: bytes, *, reason: str) -> None:
    """Keep an event that cannot be applied, for `farout sync replay`; once, however often it comes."""
    async with database.rows() as rows:
        await rows.row(_PARK, event_id=event_id, body=body.decode("utf-8"), reason=reason[:500])


async def park_event(database: Database, event: Event, *, reason: str) -> None:
    """The same for an event that was read already."""
    await park(database, event.id, encode(event), reason=reason)


async def mirror_on_the_spot(
    database: Database, sync_database: Database, users: UserDirectory, uid: UUID
) -> None:
    """Bring a user in whose event has not arrived yet; one query when they are there already."""
    if await queries.is_mirrored(database, uid):
        return
    state = await users.find(uid)
    if state is not None:
        await apply_states(sync_database, [state])


async def _apply(rows: Rows, states: Iterable[UserState | DeletedUser]) -> int:
    newest: dict[int, UserState | DeletedUser] = {}
    for state in states:
        if state.user_id not in newest or newest[state.user_id].version < state.version:
            newest[state.user_id] = state
    if not newest:
        return 0
    row = await rows.row(_APPLY, **_columns(list(newest.values())))
    return int(row["count"]) if row else 0


async def _apply_and_link(rows: Rows, event: Event) -> int:
    if event.profile is None or not isinstance(event.user, UserState) or not event.user.discord_id:
        return await _apply(rows, [event.user])
    row = await rows.row(
        _APPLY_AND_LINK,
        user_id=event.user.user_id,
        discord_id=event.user.discord_id,
        display_name=event.profile.display_name,
        avatar_url=event.profile.avatar_url,
        **_columns([event.user]),
    )
    return int(row["count"]) if row else 0


def _columns(states: Sequence[UserState | DeletedUser]) -> dict[str, object]:
    """Turn states into arrays; of a deleted user only the name of nobody is left."""
    users = [state if isinstance(state, UserState) else None for state in states]
    return {
        "user_ids": [state.user_id for state in states],
        "uids": [state.uid for state in states],
        "versions": [state.version for state in states],
        "usernames": [user and user.username for user in users],
        "discord_ids": [user and user.discord_id for user in users],
        "emails": [user and user.email for user in users],
        "roles": [user and user.role for user in users],
        "actives": [user and user.is_active for user in users],
    }
