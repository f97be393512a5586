"""
Figures for Prometheus, on a loopback port of their own: what is asked, how long it takes, and how the work stands.

How the work stands is asked of the database when somebody looks, so that every
process tells the same. No figure names an organisation or a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from service.clock import now
from service.jobs import STATES
from service.operation.whole import standing
from service.parts import Parts

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Figures:
    """What one process counts of its requests."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "yuetan_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "yuetan_request_seconds", "Time to answer", ["route"], buckets=_BUCKETS, registry=self.registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class Looked(Collector):
    """How the work stands, asked when somebody looks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def describe(self) -> Iterator[Any]:
        """Say nothing at the start: the database may be away then."""
        return iter(())

    def collect(self) -> Iterator[Any]:
        """Ask the broker and the database."""
        yield _gauge("yuetan_broker_up", "Whether the broker answers", float(self._parts.sender.answers()))
        jobs = GaugeMetricFamily("yuetan_jobs", "Jobs by state", labels=["state"])
        moment = now()
        try:
            with self._parts.database.reading() as db:
                found = standing(db, moment)
        except SQLAlchemyError:
            yield _gauge("yuetan_database_up", "Whether the database answers", 0.0)
            return
        yield _gauge("yuetan_database_up", "Whether the database answers", 1.0)
        for state in STATES:
            jobs.add_metric([state], float(found.jobs.get(state, 0)))
        yield jobs
        waits = (moment - found.oldest).total_seconds() if found.oldest else 0.0
        yield _gauge("yuetan_queue_age_seconds", "Since the oldest queued job was announced", max(waits, 0.0))
        yield _gauge(
            "yuetan_jobs_lapsed", "Running jobs whose worker is gone; the sweeper takes them up", float(found.lapsed)
        )
        if found.signed is not None:
            age = (moment - found.signed).total_seconds()
            yield _gauge(
                "yuetan_audit_head_age_seconds", "Since the trail was signed; over two days, no sweeper runs", age
            )


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value)


def serve(figures: Figures, parts: Parts, port: int) -> Any:
    """Give the figures on a loopback port; returns what is closed at the end."""
    figures.registry.register(Looked(parts))
    server, _ = start_http_server(port, addr="127.0.0.1", registry=figures.registry)
    return server
