"""The people of a case: each with cookies of their own, all in front of the same site."""

import re
from collections.abc import Callable
from http.cookiejar import Cookie
from typing import Any
from urllib.parse import quote

import httpx2

from tests.fixtures.application import ORIGIN, SESSION_COOKIE
from tests.security.replicas import Replicas

BROWSER_COOKIE = "__Host-farout_browser_"
A_PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"
_ANYTHING_VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F))


class Person:
    """One actor. ``api`` is a program; everybody else has a browser and asks for pages."""

    def __init__(self, name: str, replicas: Replicas) -> None:
        headers = {"User-Agent": "Mozilla/5.0 (Test)"}
        if name != "api":
            headers |= {"Accept": A_PAGE, "Sec-Fetch-Site": "same-origin"}
        self.name = name
        self.client = httpx2.AsyncClient(transport=replicas, base_url=ORIGIN, headers=headers)
        self._kept: list[Cookie] = []

    async def send(self, method: str, target: str, **request: Any) -> httpx2.Response:
        """Send a request line as it is written, spaces and brackets as a browser would write them."""
        as_sent = quote(target.encode("utf-8", "surrogatepass"), safe=_ANYTHING_VISIBLE)
        return await self.client.request(method, as_sent, **request)

    async def session(self) -> dict[str, Any] | None:
        """Say who is signed in here."""
        answer = await self.client.get("/auth/session", headers={"Accept": "*/*"})
        assert answer.status_code in (200, 401), answer.text
        found: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return found

    @property
    def session_cookie(self) -> str | None:
        return self.client.cookies.get(SESSION_COOKIE)

    def cookies_called(self, name: str) -> list[Cookie]:
        """Return cookies by the name that a case gives them."""
        wanted = BROWSER_COOKIE if "state" in name else SESSION_COOKIE
        return [cookie for cookie in self.client.cookies.jar if cookie.name.startswith(wanted)]

    def tamper(self, name: str, change: Callable[[str], str]) -> None:
        found = self.cookies_called(name)
        assert found, f"there is no cookie {name} to tamper with"
        for cookie in found:
            cookie.value = change(cookie.value or "")

    def keep_cookies(self) -> None:
        self._kept = list(self.client.cookies.jar)

    def restore_cookies(self) -> None:
        """Go back to the cookies that were kept, as somebody with a copy of the profile can."""
        self.client.cookies.clear()
        for cookie in self._kept:
            self.client.cookies.jar.set_cookie(cookie)


def cut_to_half(value: str) -> str:
    return value[: len(value) // 2]


def one_bit_changed(value: str) -> str:
    return value[:10] + ("A" if value[10] != "A" else "B") + value[11:]


def of_somebody_else(value: str) -> str:
    """Return what has the right form and was never given out."""
    return re.sub(r"[A-Za-z0-9]", "x", value)


TAMPERINGS = (cut_to_half, one_bit_changed, of_somebody_else)
