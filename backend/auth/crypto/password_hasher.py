"""bcrypt over a SHA-256 prehash, off the event loop and bounded."""

import asyncio
import base64
import hashlib
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

from backend.errors import Unavailable

Result = TypeVar("Result")

_PREFIX = "bcrypt-sha256:"
_WORKERS = 2
_WAITING = 30
LONGEST_PASSWORD_BYTES = 1024


class TooManyPasswordChecks(Unavailable):
    code = "too_busy"

    def __init__(self) -> None:
        super().__init__(
            "Too many sign-ins at this moment. Try again in a few seconds.", retry_after=3
        )


class PasswordHasher:
    """Hashes and checks passwords of up to LONGEST_PASSWORD_BYTES.

    bcrypt reads 72 bytes and no NUL; the prehash gives it 44 characters that stand for all of the
    password. Text is brought to Unicode NFC first, so that an accent typed on another keyboard
    is the same password.
    """

    def __init__(self, *, rounds: int = 12) -> None:
        self._rounds = rounds
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="bcrypt")
        self._waiting = 0
        self._nobodys = self._hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hash, password)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Check a password; with nothing stored it takes the same time and is wrong."""
        return await self._in_thread(self._check, password, stored)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hash(self, password: str) -> str:
        return _PREFIX + bcrypt.hashpw(_prehash(password), bcrypt.gensalt(self._rounds)).decode()

    def _check(self, password: str, stored: str | None) -> bool:
        usable = stored is not None and stored.startswith(_PREFIX)
        against = stored if stored is not None and usable else self._nobodys
        try:
            same = bcrypt.checkpw(_prehash(password), against.removeprefix(_PREFIX).encode())
        except ValueError:
            return False
        return same and usable

    async def _in_thread(self, work: Callable[..., Result], *arguments: object) -> Result:
        if self._waiting >= _WAITING:
            raise TooManyPasswordChecks
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1


def _prehash(password: str) -> bytes:
    normal = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(normal).digest())
