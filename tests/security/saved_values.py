"""What a step keeps of an answer, for the steps after it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2


def read_value(response: httpx2.Response, source: str) -> str:
    """Return what a step saves: ``location.query.X``, ``cookie.X``, ``json.a.b``, ``set_cookie_raw``."""
    kind, _, rest = source.partition(".")
    if kind == "location":
        query = parse_qs(urlsplit(response.headers["location"]).query)
        return query[rest.removeprefix("query.")][0]
    if kind == "cookie":
        return next(
            value for name, value in response.cookies.items() if rest.split("_")[-1] in name
        )
    if kind == "set_cookie_raw":
        set_cookies = response.headers.get_list("set-cookie")
        return "; ".join(one.partition(";")[0] for one in set_cookies)
    found: Any = response.json()
    for name in rest.split("."):
        found = found[name]
    return str(found)
