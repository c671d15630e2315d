"""Which passwords are taken: long enough, not too long, and nobody's first guess (ASVS 6.2)."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from backend.auth.crypto.password_hasher import LONGEST_PASSWORD_BYTES
from backend.auth.passwords.errors import PasswordRefused

SHORTEST = 8
# Four bytes is the longest a character gets in UTF-8, so both limits say the same (decision 0007).
LONGEST = LONGEST_PASSWORD_BYTES // 4
_SITE_WORDS = ("farout", "discord", "community", "password", "admin")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
# What an attacker who tries slowly, online, would get through.
_GUESSES = 10_000
_LONGEST_GUESSABLE = 16


def check_password(password: str, *, personal: Iterable[str | None] = ()) -> None:
    """Raise PasswordRefused unless the password may be set; ``personal`` are names of its owner."""
    normal = unicodedata.normalize("NFC", password)
    try:
        normal.encode("utf-8")
    except UnicodeEncodeError:
        raise PasswordRefused("The password holds characters that are not text.") from None
    if len(normal) < SHORTEST:
        raise PasswordRefused(f"The password needs {SHORTEST} characters or more.")
    if len(normal) > LONGEST:
        raise PasswordRefused(f"The password may have {LONGEST} characters at most.")
    if _is_guessable(normal) or _is_made_of_names(normal, personal):
        raise PasswordRefused("This password is one of the first that anybody would try.")


def _is_guessable(password: str) -> bool:
    """Whether it is a common password, or soon guessed from words, sequences and repeats."""
    if password.lower() in _common():
        return True
    if len(password) > _LONGEST_GUESSABLE or not password.isascii():
        return False
    return bool(zxcvbn(password)["guesses"] < _GUESSES)


@cache
def _common() -> frozenset[str]:
    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST)


def _is_made_of_names(password: str, personal: Iterable[str | None]) -> bool:
    """Whether nothing is left once the site's and the owner's names, digits and signs are gone."""
    rest = password.lower()
    named = [word.lower() for word in personal if word]
    named += [word.partition("@")[0] for word in named]
    for word in sorted((*_SITE_WORDS, *named), key=len, reverse=True):
        if len(word) >= 3:
            rest = rest.replace(word, "")
    letters = _NOT_LETTERS.sub("", rest)
    return rest != password.lower() and len(letters) <= 1
