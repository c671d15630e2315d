"""`farout keys rotate`: everything that is encrypted moves to the first key while all goes on."""

import asyncio
import base64
import os
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import LargeBinary

from backend.auth.discord_tokens.actions import get_access_token
from backend.auth.discord_tokens.revoking import give_up_tokens, revoke_given_up
from backend.auth.keys.actions import encrypted_columns, encrypted_tables, reencrypt
from backend.auth.models import Base
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from backend.key_ring import KeyRing, place
from tests.fixtures.application import KEY, Farout, one_row
from tests.fixtures.databases import Connection
from tests.fixtures.servers import run_farout

NEW = "new:" + base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
async def signing_keys_stay(auth_owner: Connection) -> Any:
    """Put the signing keys back as they were: everybody else's tests read them, too."""
    rows = await auth_owner.fetch("SELECT kid, private_key FROM signing_keys")
    yield
    for row in rows:
        await auth_owner.execute(
            "UPDATE signing_keys SET private_key = $2 WHERE kid = $1", *row.values()
        )


@pytest.fixture
def both(farout: Farout, signing_keys_stay: None, monkeypatch: pytest.MonkeyPatch) -> Farout:
    """Return Farout after the new key was put in front of the old one."""
    ring = KeyRing.parse(f"{NEW},{KEY}")
    monkeypatch.setattr(farout.auth, "key_ring", ring)
    monkeypatch.setattr(farout.auth.tokens, "_key_ring", ring)
    return farout


async def _fill(farout: Farout, owner: Connection) -> None:
    """Leave something encrypted in every table."""
    await farout.signed_in(NOVA_ID)
    await farout.signed_in(COSMO_ID)
    cosmo = await owner.fetchval("SELECT id FROM users WHERE discord_id = $1", COSMO_ID)
    async with farout.auth.database.transaction() as db:
        await give_up_tokens(farout.auth, db, cosmo)
    ring, mail, today = farout.auth.key_ring, uuid4(), datetime.now(UTC).date()
    await owner.execute(
        "INSERT INTO totp_secrets (user_id, secret) VALUES ($1, $2)",
        cosmo, ring.encrypt(b"x", place=place("totp_secrets.secret", cosmo)),
    )  # fmt: skip
    await owner.execute(
        "INSERT INTO mails (id, kind, recipient, body, expires_at)"
        " VALUES ($1, 'test', 'x@example.org', $2, now() + interval '1 hour')",
        mail, ring.encrypt(b"x", place=place("mails.body", mail)),
    )  # fmt: skip
    await owner.execute(
        "INSERT INTO audit_seals (day, previous_head, key, entries, head, proof)"
        " VALUES ($1, '', $2, 0, '', '')",
        today, ring.encrypt(b"x", place=place("audit_seals.key", today.isoformat())),
    )  # fmt: skip
    await owner.execute(
        "INSERT INTO kept_bans (uid, key, discord_hash, banned_at) VALUES ($1, $2, '', now())",
        mail, ring.encrypt(b"x", place=place("kept_bans.key", mail)),
    )  # fmt: skip


async def test_afterwards_the_old_key_is_not_needed_any_more(
    farout: Farout,
    auth_owner: Connection,
    signing_keys_stay: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await _fill(farout, auth_owner)
    browser = farout.browser()
    under_way = await browser.begin()

    for keys in (f"{NEW},{KEY}", NEW):
        monkeypatch.setattr(farout.auth, "key_ring", KeyRing.parse(keys))
        result = await reencrypt(farout.auth)
        expected = 1 if KEY in keys else 0
        assert not result.unreadable
        assert {name: min(rows, 1) for name, rows in result.rows.items()} == {
            table.name: expected for table in encrypted_tables()
        }

    monkeypatch.setattr(farout.auth.tokens, "_key_ring", farout.auth.key_ring)
    await farout.auth.tokens.look_again()
    row = await one_row(auth_owner, "SELECT user_id, key_id FROM oauth_tokens")
    assert row["key_id"] == "new"
    assert await get_access_token(farout.auth, row["user_id"])
    assert await revoke_given_up(farout.auth) == 1
    assert (await browser.approve(under_way)).status_code == 303


async def test_nobody_notices_while_a_thousand_rows_are_encrypted_anew(
    both: Farout, auth_owner: Connection
) -> None:
    user_id = await _a_crowd(both, auth_owner, 1000)
    is_over = asyncio.Event()

    async def go_on() -> int:
        browser, served = both.browser(), 0
        while not is_over.is_set() or not served:
            await browser.sign_in(NOVA_ID)
            assert await get_access_token(both.auth, user_id)
            served += 1
        return served

    serving = [asyncio.create_task(go_on()) for _ in range(4)]
    result = await reencrypt(both.auth)
    is_over.set()

    assert all(served > 0 for served in await asyncio.gather(*serving))
    assert 1000 <= result.rows["oauth_tokens"] <= 1001
    old = "SELECT count(*) FROM oauth_tokens WHERE key_id <> 'new'"
    assert await auth_owner.fetchval(old) == 0


async def _a_crowd(farout: Farout, owner: Connection, size: int) -> int:
    """Sign Nova in, and make others whose tokens the old key has encrypted; returns Nova's id."""
    await farout.signed_in(NOVA_ID)
    await owner.execute(
        "INSERT INTO users (username) SELECT 'crowd-' || n FROM generate_series(1, $1) n", size
    )
    old = KeyRing.parse(KEY)
    ids = await owner.fetch("SELECT id FROM users WHERE username LIKE 'crowd-%'")
    await owner.executemany(
        "INSERT INTO oauth_tokens (user_id, access_token, scopes, key_id, expires_at)"
        " VALUES ($1, $2, '{identify}', 'test', now())",
        [(row[0], old.encrypt(b"x", place=f"oauth_tokens.access_token|{row[0]}".encode()))
         for row in ids],
    )  # fmt: skip
    found: int = await owner.fetchval("SELECT id FROM users WHERE discord_id = $1", NOVA_ID)
    return found


async def test_it_looks_again_for_what_others_wrote_behind_it(
    both: Farout, auth_owner: Connection
) -> None:
    await _fill(both, auth_owner)
    row_id = await auth_owner.fetchval("SELECT id FROM oauth_revocations")
    place = f"oauth_revocations.token|{row_id}".encode()
    old = KeyRing.parse(KEY).encrypt(b"x", place=place)
    await auth_owner.execute("UPDATE oauth_revocations SET token = $1", old)
    # When the signing keys are written, a process that knows the old key alone writes a revocation.
    await auth_owner.execute(
        "CREATE FUNCTION write_behind() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" UPDATE oauth_revocations SET token = '\\x{old.hex()}'; RETURN NULL; END $$;"
        "CREATE TRIGGER write_behind AFTER UPDATE ON signing_keys"
        " FOR EACH ROW EXECUTE FUNCTION write_behind()"
    )
    try:
        result = await reencrypt(both.auth)
    finally:
        await auth_owner.execute("DROP FUNCTION write_behind() CASCADE")

    assert result.is_complete
    assert result.rows["oauth_revocations"] == 2


async def test_what_no_key_can_read_is_counted_and_does_not_stop_the_rest(
    both: Farout, auth_owner: Connection
) -> None:
    await _a_crowd(both, auth_owner, 3)
    await auth_owner.execute(
        "UPDATE oauth_tokens SET access_token = '\\x04676f6e65'::bytea || access_token"
        " WHERE user_id = (SELECT min(user_id) FROM oauth_tokens WHERE key_id = 'test')"
    )

    result = await reencrypt(both.auth)

    assert (result.rows["oauth_tokens"], result.unreadable) == (2, {"oauth_tokens": 1})


# Neither secret nor a hash by name: what may be known, and keys that are digests.
KNOWN = {
    "audit_links.details_salt", "audit_links.hash", "audit_links.ip_salt", "audit_seals.head",
    "audit_seals.previous_head", "audit_seals.proof",
    "challenges.value", "login_attempts.key", "passkeys.credential_id", "passkeys.public_key",
}  # fmt: skip


def test_every_column_of_bytes_is_a_hash_or_encrypted() -> None:
    forgotten = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
        and not column.name.endswith("_hash")
        and column not in encrypted_columns(table)
    ]
    assert set(forgotten) == KNOWN


async def test_the_command_says_what_it_did(
    farout: Farout, auth_owner: Connection, signing_keys_stay: None
) -> None:
    await farout.signed_in(NOVA_ID)

    run = await asyncio.to_thread(
        run_farout, farout.auth.settings, "keys", "rotate", ENCRYPTION_KEYS=f"{NEW},{KEY}"
    )

    assert run.returncode == 0, run.stderr
    assert "oauth_tokens: 1 encrypted anew" in run.stdout
    assert "it can leave ENCRYPTION_KEYS" in run.stdout
    assert await auth_owner.fetchval("SELECT key_id FROM oauth_tokens") == "new"
    assert NEW[4:40] not in run.stdout + run.stderr
