"""Where to go after a sign-in: one strict rule, so that no link can send a person elsewhere."""

import re
from urllib.parse import unquote

HOME = "/"
_LONGEST = 512
# Printable ASCII without quotes, angle brackets, backslash and space.
_ALLOWED = re.compile(r"/[!#-&(-;=?-\[\]-~]*")
_NOT_PAGES = (
    "/auth",
    "/api",
    "/internal",
    "/login",
    "/redirect",
    "/sign-in",
    "/sign-out",
    "/step-up",
)


def safe_next_path(wanted: object) -> str:
    """Return ``wanted`` if it is a plain path to a page of ours, else the home page.

    The rule holds as sent and decoded once and twice: no second slash or backslash at the front,
    no ``//``, ``.`` or ``..`` segment, ``;`` or ``@`` in the path, nothing under /auth or /api.
    """
    if not isinstance(wanted, str) or not 0 < len(wanted) <= _LONGEST:
        return HOME
    decoded = wanted
    for _ in range(3):
        if not _is_plain(decoded):
            return HOME
        decoded = unquote(decoded, errors="replace")
    return wanted


def _is_plain(value: str) -> bool:
    path = re.split(r"[?#]", value, maxsplit=1)[0]
    if not _ALLOWED.fullmatch(value):
        return False
    if "//" in path or ";" in path or "@" in path:
        return False
    if any(segment in (".", "..") for segment in path.split("/")):
        return False
    lowered = path.lower()
    return not any(lowered == one or lowered.startswith(f"{one}/") for one in _NOT_PAGES)
