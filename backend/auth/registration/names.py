"""Which user names may be chosen: none that looks like another, a Discord newcomer's or an e-mail."""

import re

from backend.auth.registration.errors import UsernameRefused

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9]|[._-](?=[a-z0-9])){1,31}")
_OF_THE_SITE = frozenset(
    {
        "admin", "administrator", "discord", "everyone", "farout", "here", "me", "moderator",
        "null", "official", "root", "staff", "support", "system", "webmaster",
    }
)  # fmt: skip


def check_username(wanted: str) -> str:
    """Return the name in lower case; raises UsernameRefused saying what may be in one."""
    name = wanted.strip().lower()
    if not _NAME.fullmatch(name):
        raise UsernameRefused(
            "A user name has 2 to 32 letters from a to z, digits, and single dots, dashes or"
            " underscores between them."
        )
    if name in _OF_THE_SITE:
        raise UsernameRefused("This user name is kept for the site itself.")
    return name
