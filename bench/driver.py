"""The browsers: a process of its own that reads one job from stdin and writes what came of it.

A sign-in begins with an empty cookie jar. Nothing is retried: a response that is not what the flow
calls for makes the job fail.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.connection import Connection, Failure, Repeater, Response
from bench.discord import profile

COOKIE = "farout_session"
_MOST_FAILURES = 10
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) bench/1"

Item = TypeVar("Item")
# A user's number and the value of their session cookie.
Ticket = tuple[int, str]


@dataclass(frozen=True)
class Job:
    """What to do, to whom, how often at a time."""

    do: Literal["sign_in", "verify", "check", "sign_out"]
    base: str
    discord: str = ""
    concurrency: int = 16
    first: int = 0
    count: int = 0
    seconds: float = 0
    tickets: list[Ticket] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """How many operations were done in what time, latencies in milliseconds."""

    n: int
    elapsed: float
    p50: float
    p95: float
    p99: float
    failures: list[str]
    tickets: list[Ticket] = field(default_factory=list)


class Browser:
    """One virtual user with a connection to the server and one to Discord."""

    def __init__(self, job: Job) -> None:
        self._origin = job.base
        self._server = Connection(*_address(job.base))
        self._discord = Connection(*_address(job.discord)) if job.discord else None

    async def sign_in(self, user: int) -> Ticket:
        assert self._discord is not None
        begun = await self._server.request(self._encode("GET", "/auth/discord/login"))
        _expect(begun, 302)
        query = urlsplit(begun.location).query
        approved = await self._discord.request(
            f"GET /oauth2/authorize?{query}&bench_user={user} HTTP/1.1\r\nhost: d\r\n\r\n".encode()
        )
        _expect(approved, 302)
        path = approved.location.removeprefix(self._origin)
        finished = await self._server.request(self._encode("GET", path, begun.cookies))
        _expect(finished, 303)
        return user, finished.cookies[COOKIE]

    async def verify(self, ticket: Ticket) -> None:
        """The session names its own user."""
        user, token = ticket
        response = await self._check(token)
        _expect(response, 200)
        if str(profile(user)["email"]).encode() not in response.body:
            raise Failure(f"the session of user {user} says {response.body[:200]!r}")

    async def sign_out(self, ticket: Ticket) -> None:
        """Sign out; the same cookie must be refused afterwards."""
        _, token = ticket
        out = self._encode("POST", "/auth/logout", {COOKIE: token}, same_origin=self._origin)
        _expect(await self._server.request(out), 204)
        _expect(await self._check(token), 401)

    async def _check(self, token: str) -> Response:
        return await self._server.request(self._encode("GET", "/auth/session", {COOKIE: token}))

    def _encode(
        self, method: str, path: str, cookies: dict[str, str] | None = None, same_origin: str = ""
    ) -> bytes:
        return encode(method, path, self._origin, cookies or {}, same_origin)


def encode(
    method: str, path: str, base: str, cookies: dict[str, str], same_origin: str = ""
) -> bytes:
    """Return a request as a browser sends it."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"host: {urlsplit(base).netloc}",
        "accept: application/json, */*",
        f"user-agent: {_USER_AGENT}",
    ]
    if cookies:
        lines.append("cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    if same_origin:
        lines += [f"origin: {same_origin}", "sec-fetch-site: same-origin"]
    if method == "POST":
        lines.append("content-length: 0")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def sign_in(job: Job) -> Outcome:
    tickets: list[Ticket] = []

    async def one(browser: Browser, user: int) -> None:
        tickets.append(await browser.sign_in(user))

    return await _crowd(job, range(job.first, job.first + job.count), one, tickets)


async def verify(job: Job) -> Outcome:
    return await _crowd(job, job.tickets, Browser.verify)


async def sign_out(job: Job) -> Outcome:
    return await _crowd(job, job.tickets, Browser.sign_out)


async def check(job: Job) -> Outcome:
    """Ask who is signed in, rotating over the sessions, until the time is up."""
    requests = [
        encode("GET", "/auth/session", job.base, {COOKIE: token}) for _, token in job.tickets
    ]
    step = max(1, len(requests) // job.concurrency)
    started = time.perf_counter()
    repeaters = [Repeater(requests, index * step) for index in range(job.concurrency)]
    for repeater in repeaters:
        await repeater.open(*_address(job.base))
    await asyncio.sleep(job.seconds)
    for repeater in repeaters:
        repeater.stop()
    await asyncio.gather(*(repeater.done for repeater in repeaters))
    elapsed = time.perf_counter() - started
    refused = sum(repeater.failures for repeater in repeaters)
    times = [one * 1000 for repeater in repeaters for one in repeater.times]
    return _outcome(times, elapsed, [f"{refused} were not answered with 200"] if refused else [])


async def _crowd(
    job: Job,
    items: Iterable[Item],
    one: Callable[[Browser, Item], Awaitable[None]],
    tickets: list[Ticket] | None = None,
) -> Outcome:
    """Do the items, ``job.concurrency`` at a time; stop after a few failures."""
    queue = iter(items)
    times: list[float] = []
    failures: list[str] = []
    started = time.perf_counter()

    async def work() -> None:
        browser = Browser(job)
        for item in queue:
            begun = time.perf_counter()
            try:
                await one(browser, item)
            except (Failure, OSError, TimeoutError) as error:
                failures.append(f"{type(error).__name__}: {error}")
                if len(failures) >= _MOST_FAILURES:
                    return
            else:
                times.append((time.perf_counter() - begun) * 1000)

    await asyncio.gather(*(work() for _ in range(job.concurrency)))
    return _outcome(times, time.perf_counter() - started, failures, tickets)


def _outcome(
    times: list[float], elapsed: float, failures: list[str], tickets: list[Ticket] | None = None
) -> Outcome:
    times.sort()

    def percentile(percent: int) -> float:
        return times[min(len(times) - 1, len(times) * percent // 100)] if times else 0.0

    return Outcome(
        len(times), elapsed, percentile(50), percentile(95), percentile(99), failures, tickets or []
    )


def _address(base: str) -> tuple[str, int]:
    parts = urlsplit(base)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _expect(response: Response, status: int) -> None:
    if response.status != status:
        raise Failure(f"{response.status} instead of {status}: {response.body[:300]!r}")


_WORK = {"sign_in": sign_in, "verify": verify, "check": check, "sign_out": sign_out}

if __name__ == "__main__":
    job = Job(**orjson.loads(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(orjson.dumps(asdict(uvloop.run(_WORK[job.do](job)))))
