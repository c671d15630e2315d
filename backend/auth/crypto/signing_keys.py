"""Where the keys that sign access tokens come from: the database, or JWT_SECRET for HS256."""

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from typing import Any, cast

from joserfc.jwk import ECKey, OctKey
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.crypto.access_tokens import Signer, UnknownKey, Verifier
from backend.auth.models import SigningKey
from backend.database import Database
from backend.key_ring import KeyRing, place

# Any number will do, as long as nothing else in farout_auth locks it.
KEY_LOCK = 0x51614
# A token of an unknown key makes the process look; strangers can make it look this often.
_LOOK_AGAIN_SECONDS = 1.0
_COLUMN = "signing_keys.private_key"
_KID = re.compile(r"[A-Za-z0-9_-]{43}")


class AccessTokens:
    """Signs and verifies with the keys that were loaded; ``public_keys`` is the JWKS.

    A key is published and verifies as soon as it is loaded; the newest one whose time has come signs.
    """

    def __init__(self, *, issuer: str, key_ring: KeyRing, shared_secret: str | None) -> None:
        """With a ``shared_secret`` tokens are HS256 and no key is kept in the database."""
        self._issuer = issuer
        self._key_ring = key_ring
        self._shared_secret = shared_secret
        self._database: Database | None = None
        self._signers: list[tuple[datetime, Signer]] = []
        self._verifier: Verifier | None = None
        self._looked_at = 0.0
        self._look: asyncio.Task[None] | None = None
        self.public_keys: list[dict[str, Any]] = []

    async def load(self, database: Database) -> None:
        """Read the keys, making the first one if there is none; safe for many starters at once."""
        self._database = database
        if self._shared_secret is None:
            await self.look_again()
            return
        shared = OctKey.import_key(self._shared_secret)
        self._signers = [(_EVER, Signer("HS256", None, shared, self._issuer))]
        self._verifier = Verifier("HS256", {None: shared}, self._issuer)

    async def look_again(self) -> None:
        """Read the keys anew: another process may have made one, or an operator taken one away."""
        if self._shared_secret is not None or self._database is None:
            return
        self._looked_at = time.monotonic()
        async with self._database.transaction() as db:
            rows = await list_live_keys(db) or [await self._make_first(db)]
        pairs = [(row, ECKey.import_key(self._private_key(row))) for row in rows]
        self._signers = [
            (row.signs_from, Signer("ES256", row.kid, key, self._issuer)) for row, key in pairs
        ]
        self._verifier = Verifier("ES256", {row.kid: key for row, key in pairs}, self._issuer)
        self.public_keys = [row.public_jwk for row in rows]

    async def verify(self, token: str) -> dict[str, Any]:
        """Return the claims of a good token; raises TokenRefused.

        A key that is not known yet is looked for, once a second at most for everybody together;
        whoever asks gets an answer that is younger than the question.
        """
        try:
            return self.verifier.verify(token)
        except UnknownKey as unknown:
            if self._shared_secret is not None or not _KID.fullmatch(unknown.kid):
                raise
        if self._look is None:
            self._look = asyncio.create_task(self._look_soon())
        await asyncio.shield(self._look)
        return self.verifier.verify(token)

    @property
    def signer(self) -> Signer:
        """The newest key whose time has come."""
        now = datetime.now(UTC)
        if not self._signers:
            raise RuntimeError("load() the signing keys first")
        ready = (signer for signs_from, signer in self._signers if signs_from <= now)
        # If this machine's clock is behind the database's, the oldest is the one in use.
        return next(ready, self._signers[-1][1])

    @property
    def verifier(self) -> Verifier:
        if self._verifier is None:
            raise RuntimeError("load() the signing keys first")
        return self._verifier

    async def _look_soon(self) -> None:
        await asyncio.sleep(max(0.0, self._looked_at + _LOOK_AGAIN_SECONDS - time.monotonic()))
        # Whoever asks from now on needs another look: this one may be too early for them.
        self._look = None
        await self.look_again()

    async def _make_first(self, db: AsyncSession) -> SigningKey:
        await db.execute(select(func.pg_advisory_xact_lock(KEY_LOCK)))
        if existing := await list_live_keys(db):
            return existing[0]
        row = new_signing_key(self._key_ring)
        db.add(row)
        await db.flush()
        await db.refresh(row)
        return row

    def _private_key(self, row: SigningKey) -> dict[str, Any]:
        plain = self._key_ring.decrypt(row.private_key, place=place(_COLUMN, row.kid))
        return cast(dict[str, Any], json.loads(plain))


_EVER = datetime.min.replace(tzinfo=UTC)


def new_signing_key(key_ring: KeyRing, *, signs_from: datetime | None = None) -> SigningKey:
    """Make a key pair that signs from a moment on, at once by default."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    kid = cast(str, key.kid)
    private = json.dumps(key.as_dict(private=True)).encode()
    row = SigningKey(
        kid=kid,
        algorithm="ES256",
        private_key=key_ring.encrypt(private, place=place(_COLUMN, kid)),
        public_jwk={**key.as_dict(private=False), "use": "sig", "alg": "ES256"},
    )
    if signs_from is not None:
        row.signs_from = signs_from
    return row


async def list_live_keys(db: AsyncSession) -> list[SigningKey]:
    """Return the keys that still count, the one that signs last of all first."""
    keys = (
        select(SigningKey)
        .where(
            or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > func.now()),
            SigningKey.algorithm == "ES256",
        )
        .order_by(SigningKey.signs_from.desc(), SigningKey.kid)
    )
    return list(await db.scalars(keys))
