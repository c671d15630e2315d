"""Who asks: nobody, people with each role by cookie and by token, and a program with a key."""

import time
from dataclasses import dataclass, field

import requests

from backend.devtools.discord.standin import Standin

# A proof of identity stands for ten minutes; whoever asks for longer signs in again.
_FRESH_SECONDS = 300
_COOKIE = "farout_session"


@dataclass
class Caller:
    """Somebody with a way to sign in anew, whenever a request has ended what there was."""

    name: str
    origin: str
    standin: Standin
    person: str | None = None
    by: str = "cookie"
    share: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    _since: float = 0
    _lost: bool = True

    def ready(self) -> dict[str, str]:
        """Return the headers of the next request, from a sign-in that still counts."""
        if self.person and (self._lost or time.monotonic() - self._since > _FRESH_SECONDS):
            self.headers = self._sign_in()
            self._since, self._lost = time.monotonic(), False
        return {"Sec-Fetch-Site": "same-origin", "Origin": self.origin, **self.headers}

    def saw(self, status: int) -> None:
        """Take note of an answer: after a 401 what was held is worth nothing any more."""
        self._lost = self._lost or (status == 401 and self.by != "key")

    def _sign_in(self) -> dict[str, str]:
        assert self.person is not None
        if self.by == "key":
            return self.headers
        browser = browser_of(self.origin, self.standin, self.person)
        if self.by == "cookie":
            return {"Cookie": f"{_COOKIE}={browser.cookies[_COOKIE]}"}
        tokens = browser.post(f"{self.origin}/auth/token")
        return {"Authorization": f"Bearer {tokens.json()['access_token']}"}


def browser_of(origin: str, standin: Standin, person: str) -> requests.Session:
    """Sign somebody in with Discord; the browser sends what browsers send."""
    browser = requests.Session()
    browser.trust_env = False
    browser.headers["Sec-Fetch-Site"] = "same-origin"
    begun = browser.get(f"{origin}/auth/discord/login", allow_redirects=False)
    approved = standin.approve(begun.headers["location"], person)
    back = browser.get(approved, allow_redirects=False)
    assert back.status_code == 303, back.text
    return browser
