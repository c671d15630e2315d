"""``/metrics`` in Prometheus' text format: what the databases say, and what the processes count."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from backend.counters import IDENTITIES
from backend.sync.figures import Figures
from backend.sync.incidents import NAMES

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_by(processes: int) -> Iterator[None]:
    """Give several processes a folder for their counts; call before they are started."""
    if processes == 1 or SHARED_FOLDER in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="farout-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[SHARED_FOLDER]


def are_shared() -> bool:
    return SHARED_FOLDER in os.environ


def render(figures: Figures) -> bytes:
    """Return the page. Each process gives the same one, whichever is asked."""
    registry = CollectorRegistry()
    registry.register(_FromFigures(figures))
    if are_shared():
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)


class IdentityCounts:
    """Carries the plain numbers of the identity cache over to the counters."""

    _SOURCES = (("hits", "cache"), ("misses", "auth"), ("fallbacks", "memory"))

    def __init__(self, cache: object) -> None:
        self._cache: Any = cache
        self._carried = dict.fromkeys((name for name, _ in self._SOURCES), 0)

    def carry_over(self) -> None:
        """Add what was counted since the last time; nothing where there is no cache."""
        for name, source in self._SOURCES:
            counted = getattr(self._cache, name, 0)
            IDENTITIES.labels(source).inc(counted - self._carried[name])
            self._carried[name] = counted


class _FromFigures(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        yield from self._users()
        yield from self._outbox()
        yield from self._mirror()

    def _users(self) -> Iterator[Metric]:
        users = GaugeMetricFamily("farout_users", "Users on each side.", labels=["side"])
        if self._figures.auth_users is not None:
            users.add_metric(["auth"], self._figures.auth_users)
        if self._figures.mirrored_users is not None:
            users.add_metric(["mirror"], self._figures.mirrored_users)
        yield users
        up = GaugeMetricFamily("farout_database_up", "Whether it answers.", labels=["database"])
        for name, number in (
            ("farout_auth", self._figures.auth_users),
            ("farout", self._figures.mirrored_users),
        ):
            if name in self._figures.away or number is not None:
                up.add_metric([name], name not in self._figures.away)
        yield up

    def _outbox(self) -> Iterator[Metric]:
        outbox = self._figures.outbox
        if outbox is None:
            return
        for name, text, value in (
            ("pending", "Events on their way to the mirror.", outbox.pending),
            ("oldest_seconds", "Age of the oldest undelivered event.", outbox.oldest_seconds),
            ("failing", "Events that failed three times or more.", outbox.failing),
            ("dead", "Events that were given up.", outbox.dead),
        ):
            yield GaugeMetricFamily(f"farout_outbox_{name}", text, value=value)

    def _mirror(self) -> Iterator[Metric]:
        figures = self._figures
        if figures.mirrored_users is None:
            return
        yield GaugeMetricFamily(
            "farout_rejected_events", "Events that could not be applied.", value=figures.rejected
        )
        yield CounterMetricFamily(
            "farout_password_write_attempts",
            "Refused attempts to write a password from the community side.",
            value=figures.password_writes,
        )
        yield from self._last_check()
        incident = GaugeMetricFamily("farout_incident", "Whether an alert is on.", labels=["name"])
        on = {one.name for one in figures.incidents}
        for name in NAMES:
            incident.add_metric([name], name in on)
        yield incident

    def _last_check(self) -> Iterator[Metric]:
        check = self._figures.last_check
        if check is None:
            return
        drift = GaugeMetricFamily(
            "farout_mirror_drift", "What the last comparison found.", labels=["kind"]
        )
        for kind in ("missing", "differing", "surplus"):
            drift.add_metric([kind], getattr(check, kind))
        yield drift
        yield GaugeMetricFamily(
            "farout_mirror_last_check_timestamp_seconds",
            "When the mirror was last compared with auth.",
            value=check.finished_at.timestamp(),
        )
