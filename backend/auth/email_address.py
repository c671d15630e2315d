"""What counts as an e-mail address: the rule of browsers' e-mail fields (WHATWG HTML 4.10.5.1.5).

ASCII alone, so no two addresses look the same, and nothing that means anything in a mail's header.
"""

import re

LONGEST = 254
_LONGEST_LOCAL_PART = 64
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})+")


def normal_email(value: str) -> str:
    """Return an address with its domain in lower case; raises ValueError for anything else."""
    address = value.strip()
    local, _, domain = address.rpartition("@")
    if (
        len(address) > LONGEST
        or len(local) > _LONGEST_LOCAL_PART
        or not _ADDRESS.fullmatch(address)
    ):
        raise ValueError("must be an e-mail address such as nova@example.org")
    return f"{local}@{domain.lower()}"
