"""Where the keys that sign access tokens come from: the database, or JWT_SECRET for HS256."""

import json
from typing import Any, cast

from joserfc.jwk import ECKey, OctKey
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.crypto.access_tokens import Signer, Verifier
from backend.auth.crypto.key_ring import KeyRing
from backend.auth.models import SigningKey
from backend.database import Database

# Any number will do, as long as nothing else in farout_auth locks it.
_KEY_LOCK = 0x51614


class AccessTokens:
    """Signs and verifies with the keys that were loaded; ``public_keys`` is the JWKS."""

    def __init__(self, *, issuer: str, key_ring: KeyRing, shared_secret: str | None) -> None:
        """With a ``shared_secret`` tokens are HS256 and no key is kept in the database."""
        self._issuer = issuer
        self._key_ring = key_ring
        self._shared_secret = shared_secret
        self._signer: Signer | None = None
        self._verifier: Verifier | None = None
        self.public_keys: list[dict[str, Any]] = []

    async def load(self, database: Database) -> None:
        """Read the keys, making the first one if there is none; safe for many starters at once."""
        if self._shared_secret is not None:
            shared = OctKey.import_key(self._shared_secret)
            self._signer = Signer("HS256", None, shared, self._issuer)
            self._verifier = Verifier("HS256", {None: shared}, self._issuer)
            return
        async with database.transaction() as db:
            rows = await _live_keys(db) or [await self._make_first(db)]
        pairs = [(row, ECKey.import_key(self._private_key(row))) for row in rows]
        newest, signing_key = pairs[0]
        self._signer = Signer("ES256", newest.kid, signing_key, self._issuer)
        self._verifier = Verifier("ES256", {row.kid: key for row, key in pairs}, self._issuer)
        self.public_keys = [row.public_jwk for row in rows]

    @property
    def signer(self) -> Signer:
        if self._signer is None:
            raise RuntimeError("load() the signing keys first")
        return self._signer

    @property
    def verifier(self) -> Verifier:
        if self._verifier is None:
            raise RuntimeError("load() the signing keys first")
        return self._verifier

    async def _make_first(self, db: AsyncSession) -> SigningKey:
        await db.execute(select(func.pg_advisory_xact_lock(_KEY_LOCK)))
        if existing := await _live_keys(db):
            return existing[0]
        key = ECKey.generate_key("P-256", auto_kid=True)
        kid = cast(str, key.kid)
        public = {**key.as_dict(private=False), "use": "sig", "alg": "ES256"}
        private = json.dumps(key.as_dict(private=True)).encode()
        row = SigningKey(
            kid=kid,
            algorithm="ES256",
            private_key=self._key_ring.encrypt(private, place=_place(kid)),
            public_jwk=public,
        )
        db.add(row)
        await db.flush()
        return row

    def _private_key(self, row: SigningKey) -> dict[str, Any]:
        plain = self._key_ring.decrypt(row.private_key, place=_place(row.kid))
        return cast(dict[str, Any], json.loads(plain))


async def _live_keys(db: AsyncSession) -> list[SigningKey]:
    """Return the keys that still count, the one to sign with first."""
    keys = (
        select(SigningKey)
        .where(SigningKey.retired_at.is_(None), SigningKey.algorithm == "ES256")
        .order_by(SigningKey.created_at.desc(), SigningKey.kid)
    )
    return list(await db.scalars(keys))


def _place(kid: str) -> bytes:
    return b"signing_keys.private_key|" + kid.encode()
