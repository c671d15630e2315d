"""A real Chromium, whichever this machine has, in front of a real `farout dev`."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from dotenv import dotenv_values
from playwright.async_api import (
    APIResponse,
    Browser,
    BrowserContext,
    Page,
    StorageState,
    async_playwright,
)

from backend.bridge.identity import Role
from backend.devtools.discord.seeds import JUNO_ID, PIXEL_ID, VEGA_ID
from tests.fixtures.servers import free_port

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "NO BROWSER TEST WAS RUN: there is no Chromium on this machine."
    " On Debian and Ubuntu: apt-get install chromium"
)

CAST: dict[Role, tuple[str, str]] = {
    "officer": ("Captain Vega", VEGA_ID),
    "admin": ("Juno Drift", JUNO_ID),
    "member": ("Pixel Halley", PIXEL_ID),
}


def find_chromium() -> str | None:
    """Return the first Chromium on PATH, or the one that CHROMIUM names."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(MISSING in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_sep("!", MISSING, red=True, bold=True)


@dataclass
class Development:
    """A running `farout dev` and the folder that it keeps its data in."""

    origin: str
    folder: Path
    process: asyncio.subprocess.Process

    async def interrupt(self) -> str:
        """Press Ctrl-C and return the rest of what it prints."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        rest = await self.process.stdout.read()
        await self.process.wait()
        return rest.decode()


async def start_development(folder: Path) -> Development:
    port = free_port()
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend", "dev", "--port", str(port),
        env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    seen = b""
    while b"Uvicorn running" not in seen:
        line = await process.stdout.readline()
        assert line, f"farout dev ended: {seen.decode()}"
        seen += line
    return Development(f"http://localhost:{port}", folder, process)


@pytest.fixture(scope="session")
async def development(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Development]:
    running = await start_development(tmp_path_factory.mktemp("development"))
    yield running
    await running.interrupt()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = find_chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking",
                  "--disable-component-update", "--no-first-run"],
        )  # fmt: skip
        yield browser
        await browser.close()


@pytest.fixture
async def page(chromium: Browser, development: Development) -> AsyncIterator[Page]:
    """Yield a page without JavaScript, so that everything is shown to work without it."""
    context = await chromium.new_context(base_url=development.origin, java_script_enabled=False)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    await context.close()
    assert [one for one in complaints if "Content Security Policy" in one] == []


@dataclass
class Cast:
    """A member, an officer and an admin, each with a browser without JavaScript."""

    chromium: Browser
    origin: str
    states: dict[Role, StorageState]
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def page(self, role: Role) -> Page:
        context = await self.chromium.new_context(
            base_url=self.origin, java_script_enabled=False, storage_state=self.states[role]
        )
        self.contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: self.complaints.append(message.text))
        return page

    async def post(self, page: Page, path: str, **fields: str) -> APIResponse:
        """Send a form that no page shows, as somebody who made it up would."""
        form: dict[str, str | float | bool] = dict(fields)
        return await page.request.post(path, form=form, headers={"Origin": self.origin})


@pytest.fixture(scope="session")
async def community(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Development]:
    """Yield another one, whose admins are no concern of the tests of accounts."""
    running = await start_development(tmp_path_factory.mktemp("community"))
    yield running
    await running.interrupt()


@pytest.fixture(scope="session")
async def signed_in(chromium: Browser, community: Development) -> dict[Role, StorageState]:
    """Sign the cast in with Discord, and give them their roles."""
    states: dict[Role, StorageState] = {}
    settings = dotenv_values(community.folder / ".farout" / "env", interpolate=False)
    auth = await asyncpg.connect(settings["MIGRATION_AUTH_DATABASE_URL"])
    for role, (name, discord_id) in CAST.items():
        context = await chromium.new_context(base_url=community.origin, java_script_enabled=False)
        page = await context.new_page()
        await page.goto("/")
        await page.get_by_role("link", name="Sign in with Discord").click()
        await page.get_by_role("radio", name=name).check()
        await page.get_by_role("button", name="Authorize").click()
        await page.wait_for_url("**/profile")
        states[role] = await context.storage_state()
        await context.close()
        await auth.execute("UPDATE users SET role = $2 WHERE discord_id = $1", discord_id, role)
    await auth.close()
    return states


@pytest.fixture
async def cast(
    chromium: Browser, community: Development, signed_in: dict[Role, StorageState]
) -> AsyncIterator[Cast]:
    cast = Cast(chromium, community.origin, signed_in)
    yield cast
    for context in cast.contexts:
        await context.close()
    assert [one for one in cast.complaints if "Content Security Policy" in one] == []
