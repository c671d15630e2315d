"""Plays the cases of oauth_callback.json: the one place that reads their step language."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.fixtures.application import ORIGIN, Farout
from tests.fixtures.databases import Connection
from tests.security import discord_answers
from tests.security.browsers import Person, cut_to_half
from tests.security.clock import let_time_pass
from tests.security.corpora import Case
from tests.security.replicas import Replicas, another_replica
from tests.security.saved_values import read_value

ROUTES = {
    "login": "/auth/discord/login",
    "callback": "/auth/discord/callback",
    "logout": "/auth/logout",
    "me": "/auth/session",
    "sessions": "/auth/sessions",
    "members": "/api/members",
    "refresh": "/auth/token/refresh",
    "revoke": "/auth/token/revoke",
    "introspect": "/auth/introspect",
    "webhook": "/internal/sync/events",
    "link": "/auth/discord/link",
    "origin": ORIGIN,
}
_KNOWN = {"actor", "do", "save", "expect", "headers", "json", "form", "body", "idp", "replica"}


@dataclass(frozen=True)
class Before:
    """What stood before a step, for what it may not change."""

    cookie: str | None
    session: dict[str, Any] | None
    sessions: int


@dataclass(frozen=True)
class Outcome:
    """What a step, or several at once, came to."""

    person: Person
    before: Before
    responses: list[httpx2.Response]


Judge = Callable[["World", Outcome, dict[str, Any]], Any]


@dataclass
class World:
    """Everything that a case can touch, and everything that was answered in it."""

    farout: Farout
    auth_owner: Connection
    community_owner: Connection
    judge: Judge
    tampering: Callable[[str], str] = cut_to_half
    values: dict[str, str] = field(default_factory=lambda: dict(ROUTES))
    saved: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    transcript: list[httpx2.Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.replicas = Replicas(self.farout.app)
        self._people: dict[str, Person] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> "World":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def person(self, name: str) -> Person:
        return self._people.setdefault(name, Person(name, self.replicas))

    async def play(self, case: Case) -> None:
        for step in case["steps"]:
            await self._take(step)

    async def _take(self, step: dict[str, Any]) -> None:
        if "parallel" in step:
            await self._take_at_once(step)
        elif "repeat" in step:
            for _ in range(step["repeat"]):
                await self._take(step["step"])
        elif step["actor"] == "clock":
            await let_time_pass(self.auth_owner, step["do"])
        elif step["actor"] == "ops":
            await self._operate(step["do"])
        elif re.match(r"[A-Z]+ ", step["do"]):
            await self._take_by_request(step)
        else:
            self._do_with_cookies(self.person(step["actor"]), step["do"])

    async def _take_by_request(self, step: dict[str, Any]) -> None:
        if step.get("replica") == "all":
            for number in (1, 2):
                await self._take_by_request(step | {"replica": number})
            return
        person = self.person(step["actor"])
        before = await self._look(person)
        response = await self._send(step)
        for name, source in step.get("save", {}).items():
            value = read_value(response, source)
            self.values[name] = value
            self.saved[name].append(value)
        await self.judge(self, Outcome(person, before, [response]), step.get("expect", {}))

    async def _take_at_once(self, step: dict[str, Any]) -> None:
        person = self.person(step["parallel"][0]["actor"])
        before = await self._look(person)
        responses = await asyncio.gather(*(self._send(one) for one in step["parallel"]))
        await self.judge(self, Outcome(person, before, list(responses)), step.get("expect", {}))

    async def _send(self, step: dict[str, Any]) -> httpx2.Response:
        assert not step.keys() - _KNOWN, f"the runner does not know {step.keys() - _KNOWN}"
        standin, actor = self.farout.standin, step["actor"]
        discord_answers.answer_well(standin, actor)
        if "idp" in step:
            discord_answers.answer_as_told(standin, step["idp"])
        method, _, target = self.fill(step["do"]).partition(" ")
        await self._have_replicas(step.get("replica", 1))
        response = await self.person(actor).send(method, target, **self._request(step))
        if "idp" in step:
            discord_answers.forget_answers(standin)
        self.transcript.append(response)
        return response

    def _request(self, step: dict[str, Any]) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        if "headers" in step:
            parts["headers"] = {name: self.fill(text) for name, text in step["headers"].items()}
        if "form" in step:
            parts["data"] = {name: self.fill(text) for name, text in step["form"].items()}
        if "json" in step:
            parts["json"] = step["json"]
        if "body" in step:
            parts["content"] = self.fill(step["body"]).encode("utf-8", "surrogatepass")
        if "replica" in step:
            parts["extensions"] = {"replica": step["replica"]}
        return parts

    def fill(self, text: str) -> str:
        """Put in routes and saved values; other braces stay as they are."""
        return re.sub(r"\{(\w+)\}", lambda found: self.values.get(found[1], found[0]), text)

    def _do_with_cookies(self, person: Person, done: str) -> None:
        if done.startswith("tamper cookie "):
            person.tamper(done.removeprefix("tamper cookie "), self.tampering)
        elif done == "keep cookies":
            person.keep_cookies()
        elif done == "restore cookies":
            person.restore_cookies()
        else:
            raise AssertionError(f"the runner does not know how to {done!r}")

    async def _operate(self, done: str) -> None:
        assert re.search(r"\b(kill|restart|start)\b", done), f"unknown operation {done!r}"
        await self._have_replicas(len(self.replicas) + 1)
        self.replicas.current = len(self.replicas)

    async def _have_replicas(self, wanted: int) -> None:
        while len(self.replicas) < wanted:
            replica = await self._open.enter_async_context(another_replica(self.farout))
            self.replicas.add(replica.app)

    async def count_sessions(self) -> int:
        count: int = await self.auth_owner.fetchval("SELECT count(*) FROM sessions")
        return count

    async def _look(self, person: Person) -> Before:
        cookie = person.session_cookie
        session = await person.session() if cookie else None
        return Before(cookie, session, await self.count_sessions())
