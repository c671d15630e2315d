"""What several tests of local accounts do: register, read the mail, confirm, sign in."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from tests.fixtures.application import ORIGIN, Browser, Farout
from tests.fixtures.mail import Mailbox, token_in

EMAIL = "quiet@example.test"
NAME = "quiet.nova"
PASSWORD = "orbit-lantern-7-violet"


async def register(
    browser: Browser, *, name: str = NAME, email: str = EMAIL, password: str = PASSWORD, **more: Any
) -> httpx2.Response:
    body = {"username": name, "email": email, "password": password, **more}
    return await browser.post("/auth/register", json=body)


async def sign_in(browser: Browser, name: str = NAME, password: str = PASSWORD) -> httpx2.Response:
    return await browser.post("/auth/login", json={"identifier": name, "password": password})


async def member(
    farout: Farout, mailbox: Mailbox, *, name: str = NAME, email: str = EMAIL
) -> Browser:
    """Return a browser signed in to a new account whose address is confirmed."""
    browser = farout.browser()
    assert (await register(browser, name=name, email=email)).status_code == 202
    token = token_in(await mailbox.next(farout.auth, email))
    assert (await browser.post("/auth/email/verify", json={"token": token})).status_code == 204
    assert (await sign_in(browser, name)).status_code == 200
    return browser


@contextmanager
def settings(farout: Farout, **chosen: Any) -> Iterator[None]:
    """Let Farout run with other settings for a while."""
    before = farout.auth.settings
    farout.auth.settings = before.model_copy(update=chosen)
    try:
        yield
    finally:
        farout.auth.settings = before


def at_a_shell(farout: Farout, *arguments: str) -> str:
    """Run a `farout` command beside the running application and return what it prints."""
    values = farout.auth.settings
    assert values.smtp_url is not None
    done = subprocess.run(
        [sys.executable, "-m", "backend", *arguments],
        env={
            "PATH": "/usr/bin:/bin", "PUBLIC_URL": ORIGIN, "DISCORD_CLIENT_ID": "1",
            "DISCORD_CLIENT_SECRET": "x", "AUTH_DATABASE_URL": values.auth_database_url,
            "ENCRYPTION_KEYS": values.encryption_keys.get_secret_value(),
            "SMTP_URL": values.smtp_url.get_secret_value(), "MAIL_FROM": values.mail_from,
        },
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
