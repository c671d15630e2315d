"""Which passwords are taken: long enough, not too long, and nobody's first guess (ASVS 6.2)."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from backend.auth.crypto.password_hasher import LONGEST_PASSWORD_BYTES
from backend.auth.passwords.errors import PasswordRefused

SHORTEST = 8
_SITE_WORDS = ("farout", "discord", "community", "password", "admin")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def check_password(password: str, *, personal: Iterable[str | None] = ()) -> None:
    """Raise PasswordRefused unless the password may be set; ``personal`` are names of its owner."""
    normal = unicodedata.normalize("NFC", password)
    try:
        size = len(normal.encode("utf-8"))
    except UnicodeEncodeError:
        raise PasswordRefused("The password holds characters that are not text.") from None
    if len(normal) < SHORTEST:
        raise PasswordRefused(f"The password needs {SHORTEST} characters or more.")
    if size > LONGEST_PASSWORD_BYTES:
        raise PasswordRefused(f"The password may have {LONGEST_PASSWORD_BYTES} bytes at most.")
    if normal.lower() in _common() or _is_made_of_names(normal, personal):
        raise PasswordRefused("This password is one of the first that anybody would try.")


@cache
def _common() -> frozenset[str]:
    # Loaded when the first password is set: the lists take a moment and some memory.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST)


def _is_made_of_names(password: str, personal: Iterable[str | None]) -> bool:
    """Whether nothing is left once the site's and the owner's names, digits and signs are gone."""
    rest = password.lower()
    named = [word.lower().partition("@")[0] for word in personal if word]
    for word in sorted((*_SITE_WORDS, *named), key=len, reverse=True):
        if len(word) >= 3:
            rest = rest.replace(word, "")
    letters = _NOT_LETTERS.sub("", rest)
    return rest != password.lower() and len(letters) <= 1
