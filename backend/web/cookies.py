"""The cookies Farout sets and how it reads them."""

import re
import secrets
from dataclasses import dataclass

from starlette.responses import Response

_BROWSER_NAME = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Cookies:
    """Names and attributes: with ``__Host-`` and Secure wherever the site is https."""

    is_https: bool

    @property
    def session(self) -> str:
        return f"{self._prefix}farout_session"

    @property
    def browser(self) -> str:
        """The beginning of the names of the cookies that bind a sign-in to a browser."""
        return f"{self._prefix}farout_browser_"

    @property
    def device(self) -> str:
        return f"{self._prefix}farout_device"

    @property
    def _prefix(self) -> str:
        return "__Host-" if self.is_https else ""

    def set_session(self, response: Response, token: str, *, max_age: int) -> None:
        self._set(response, self.session, token, max_age)

    def clear_session(self, response: Response) -> None:
        self._set(response, self.session, "", 0)

    def set_device(self, response: Response, token: str, *, max_age: int) -> None:
        self._set(response, self.device, token, max_age)

    def set_browser(self, response: Response, name: str, secret: str, *, max_age: int) -> None:
        self._set(response, name, secret, max_age)

    def new_browser_name(self) -> str:
        """A name of its own, so that two tabs opened at the same moment do not overwrite each other."""
        return self.browser + secrets.token_hex(4)

    def browsers(self, header: str) -> dict[str, str]:
        """Return the browser-binding cookies in a Cookie header, name to secret."""
        return {
            name: value
            for name, value in _pairs(header)
            if name.startswith(self.browser)
            and _BROWSER_NAME.fullmatch(name.removeprefix(self.browser))
        }

    def session_token(self, header: str) -> str | None:
        """Return the session cookie's value; None too if there are several that differ.

        A neighbour on a sibling domain can plant a second cookie of the same name, and which of
        the two comes first is its choice.
        """
        return _only(header, self.session)

    def device_token(self, header: str) -> str | None:
        """Return the secret by which accounts know this browser again."""
        return _only(header, self.device)

    def _set(self, response: Response, name: str, value: str, max_age: int) -> None:
        response.set_cookie(
            name, value, max_age=max_age, path="/", secure=self.is_https, httponly=True,
            samesite="lax",
        )  # fmt: skip


def _only(header: str, name: str) -> str | None:
    if name not in header:
        return None
    values = {value for found, value in _pairs(header) if found == name}
    return values.pop() if len(values) == 1 else None


def _pairs(header: str) -> list[tuple[str, str]]:
    found = []
    for part in header.split(";"):
        name, _, value = part.partition("=")
        found.append((name.strip(), value.strip()))
    return found
