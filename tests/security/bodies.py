"""The bodies of json_bodies.json that are too large or too odd to be written down, and its words."""

import re

GENERATED: dict[str, bytes] = {
    "jb-depth-32": b'{"metadata":' + b"[" * 32 + b"]" * 32 + b"}",
    "jb-depth-33": b'{"metadata":' + b"[" * 33 + b"]" * 33 + b"}",
    "jb-depth-900": b'{"metadata":' + b"[" * 900 + b"]" * 900 + b"}",
    "jb-depth-100000": b'{"metadata":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "jb-20mb": b'{"display_name":"' + b"a" * 20_000_000 + b'"}',
    "jb-wide": b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
    "jb-utf16": '{"display_name":"x"}'.encode("utf-16"),
    "jb-badutf8": b'{"display_name":"\xff"}',
}
# About forms and static files, which are not of this side.
ELSEWHERE = {"jb-mp-headers", "jb-range", "jb-ct-redos"}


def allowed(expect: str) -> set[str]:
    """Read "2xx-or-422", "400/413/422" and "422 or stripped"."""
    return set(re.findall(r"[2-5](?:xx|\d\d)", expect.replace("stripped", "2xx")))
