"""A seeded number of requests, made from the OpenAPI document, and what is wrong with the answers."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.errors import SchemathesisError
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.callers import Caller
from tests.fuzz.known import Known

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_SECONDS = 20
# What an admin may do to the rights of everybody, this one's included.
_OF_RIGHTS = ("/api/roles/{role}/permissions", "/api/members/{discord_id}/access")
_LONGEST_COMPLAINT = 1500
_TOLD_EVERY = 500


@dataclass
class Findings:
    """What was sent, what came back, and what should not have."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    by_caller: Counter[tuple[str, int]] = field(default_factory=Counter)
    reached: set[str] = field(default_factory=set)
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)

    def report(self) -> str:
        """Return the figures as lines for a terminal."""
        lines = [f"{self.sent} requests"]
        for kind in sorted({status // 100 for status in self.statuses}):
            counts = {s: n for s, n in sorted(self.statuses.items()) if s // 100 == kind}
            each = ", ".join(f"{status}: {count}" for status, count in counts.items())
            lines.append(f"  {kind}xx {sum(counts.values()):6}   {each}")
        for name in sorted({name for name, _ in self.by_caller}):
            counts = Counter({s // 100: 0 for s in self.statuses})
            for (caller, status), count in self.by_caller.items():
                if caller == name:
                    counts[status // 100] += count
            each = ", ".join(f"{kind}xx {count}" for kind, count in sorted(counts.items()))
            lines.append(f"  {name:14} {each}")
        refused = ", ".join(f"{code} {count}" for code, count in self.codes.most_common(12))
        lines.append(f"  refused most: {refused}; {len(self.codes)} codes in all")
        lines.append(f"  {len(self.reached)} operations answered 2xx or 3xx at least once")
        return "\n".join(lines)


class Campaign:
    """Sends requests until there were so many; everything that is chosen follows from the seed.

    ``turn`` is how many an operation gets in a row. ``mend`` gives everybody their rights back, after
    each request that may have taken them; ``tell`` takes lines for whoever watches.
    """

    def __init__(
        self, document: dict[str, Any], origin: str, callers: Sequence[Caller], known: Known,
        *, number: int, turn: int, edges: int, mend: Callable[[], None], tell: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.findings = Findings()
        self._turn_length, self._edge_count, self._mend = turn, edges, mend
        self._tell = tell
        self._origin = origin
        self._callers = callers
        self._known = known
        self._seed = number
        self._chance = random.Random(number)  # noqa: S311 - chooses what to send
        schema = schemathesis.openapi.from_dict(document)
        self._operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
        self._is_plain = False
        self._strategies: dict[tuple[str, GenerationMode], Any] = {}
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def look_around(self) -> None:
        """Learn what there is, as the most powerful caller sees it."""
        admin = max(self._callers, key=lambda one: one.share)
        for operation in self._operations:
            if operation.method.upper() == "GET" and "{" not in operation.path:
                self._send(operation, operation.Case(query={"limit": "20"}), admin)

    def play_round(self, number: int, until: int) -> None:
        """Give each operation its turn, in one of three ways.

        First as a polite program would write; then against the document's rules; then within them, but
        with every character and number that they leave open.
        """
        wanted = GenerationMode.NEGATIVE if number % 3 == 1 else GenerationMode.POSITIVE
        self._is_plain = number % 3 == 0
        for operation in self._chance.sample(self._operations, len(self._operations)):
            if self.findings.sent >= until:
                return
            if number < 2 and self._edge_count:
                for case in self._edges(operation, wanted):
                    self._send(operation, case)
            self._turn(operation, wanted, number, until)

    def _edges(self, operation: Any, mode: GenerationMode) -> Iterator[Any]:
        """Cases at the limits of each parameter and field, a few of them."""
        cases = list(
            operation.schema.iter_coverage_cases(
                operation,
                generation_modes=[mode],
                generation_config=operation.schema.config.generation,
            )
        )
        yield from self._chance.sample(cases, min(len(cases), self._edge_count))

    def _turn(self, operation: Any, mode: GenerationMode, number: int, until: int) -> None:
        key = (operation.label, mode)
        if key not in self._strategies:
            self._strategies[key] = operation.as_strategy(mode)

        @seed(self._seed * 1000 + number)
        @settings(
            max_examples=self._turn_length, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=self._strategies[key])
        def play(case: Any) -> None:
            if self.findings.sent < until:
                self._send(operation, case)

        try:
            play()
        except (Unsatisfiable, SchemathesisError):
            # Nothing of this operation can be wrong, such as one without any parameter.
            if mode is not GenerationMode.POSITIVE:
                self._turn(operation, GenerationMode.POSITIVE, number, until)

    def _send(self, operation: Any, case: Any, by: Caller | None = None) -> None:
        caller = by or self._chance.choices(self._callers, [one.share for one in self._callers])[0]
        if case.path_parameters:
            self._known.fill_path(operation.path, case.path_parameters)
        if self._is_plain:
            case.body = _plain(case.body)
        case.body, case.query = self._known.fill(case.body), self._known.fill(case.query)
        for name in ("Cookie", "Authorization"):
            case.headers.pop(name, None)
        response = case.call(
            base_url=self._origin, session=self._http, headers=caller.ready(), timeout=_SECONDS,
            allow_redirects=False,
        )  # fmt: skip
        self._note(operation, caller, response.status_code)
        caller.saw(response.status_code)
        if operation.path in _OF_RIGHTS and response.status_code < 300:
            self._mend()
        self._judge(operation, caller, case, response)

    def _note(self, operation: Any, caller: Caller, status: int) -> None:
        findings = self.findings
        findings.sent += 1
        if findings.sent % _TOLD_EVERY == 0:
            self._tell(f"{findings.sent} sent, {len(findings.wrong)} complaints")
        findings.statuses[status] += 1
        findings.by_caller[caller.name, status] += 1
        if status < 400:
            findings.reached.add(operation.label)

    def _judge(self, operation: Any, caller: Caller, case: Any, response: Any) -> None:
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                complaint = f"{caller.name}: {failure}\n{case.as_curl_command()}"
                self._complain((operation.label, type(failure).__name__), complaint)
        kinds = response.headers.get("content-type", [])
        if kinds == ["application/problem+json"] and response.content:
            self.findings.codes[response.json()["code"]] += 1
        elif kinds == ["application/json"] and response.content and response.status_code < 300:
            self._known.learn(operation.path, response.json())

    def _complain(self, where: tuple[str, str], complaint: str) -> None:
        if where not in self.findings.wrong:
            self.findings.wrong[where] = complaint[:_LONGEST_COMPLAINT]
            self._tell(f"{' '.join(where)}: {complaint[:_LONGEST_COMPLAINT]}")


def _plain(value: Any) -> Any:
    """Return a body with readable characters alone, and whole numbers written as such."""
    if isinstance(value, str):
        return "".join(one if one.isprintable() else "x" for one in value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value
