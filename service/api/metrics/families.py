"""Families of metrics, computed from this process's measures when they are requested.

Nothing here runs while a request is served: other modules write the measures to dictionaries and attributes. No label
contains a name that a caller chose.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.api.request_measures import RequestMeasures
from service.kit.logging import TROUBLES
from service.kit.measures import Distribution
from service.kit.version import installed_version
from service.operations.count_outbound import COUNTED_MAX, Outbound
from service.operations.place_orders import Placement
from service.operations.resources import Resources
from service.workers.measures import StepMeasures

PREFIX = "carbon_orders_"
ALARMING = (
    ("fault", "error"),
    ("writer_died", "error"),
    ("step_failed", "error"),
    ("item_failed", "error"),
    ("database_damaged", "critical"),
    ("database_not_ready", "warning"),
    ("database_unavailable", "warning"),
)
"""Log events for which there is an alert. Their counts are shown from 0 on, because a count that first appears as 1 is
not an increase.
"""
Numbers: TypeAlias = Mapping[Any, float] | float
"""Numbers by the values of their labels, or the only number of a family without labels."""
_RESULTS = ("hit", "miss")
_WAYS = ("planned", "replayed", "interpreted", "introspected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Measures of a process that answers requests. `lookups` counts GraphQL documents by whether they were known,
    `executions` operations by how they were executed. The functions return the numbers of requests without an answer,
    of open subscriptions and of open WebSockets.
    """

    requests: RequestMeasures
    placement: Placement
    lookups: Mapping[str, int]
    executions: Mapping[str, int]
    in_progress: Callable[[], int]
    subscriptions: Callable[[], int]
    sockets: Callable[[], int]


class ServiceCollector(Collector):
    """Collector of all families. `failing_items` and `outbound` are given before each collection, None if they are not
    known.
    """

    def __init__(self, resources: Resources, steps: StepMeasures, serving: Serving | None) -> None:
        self._resources = resources
        self._steps = steps
        self._serving = serving
        self.failing_items: Mapping[str, int] | None = None
        self.outbound: Mapping[str, Outbound] | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        yield _gauge(
            "info", "Version of the service and kind of its database.", {
                (installed_version("carbon-orders"), self._resources.database.dialect): 1
            }, ("version", "database"),
        )  # fmt: skip
        if self._serving is not None:
            yield from _of_requests(self._serving)
            yield from _of_orders(self._serving.placement)
            yield from _of_plans(self._serving)
            yield _gauge("subscriptions_open", "GraphQL subscriptions that are open.", self._serving.subscriptions())
            yield _gauge("websockets_open", "GraphQL WebSockets that are open.", self._serving.sockets())
        yield from self._of_database()
        yield from self._of_steps()
        events = dict.fromkeys(ALARMING, 0) | TROUBLES
        yield _counter("log_events", "Lines of the log from the level warning up.", events, ("event", "level"))

    def _of_database(self) -> Iterator[Metric]:
        database = self._resources.database
        yield _gauge("database_ready", "1 while a write to the database could succeed.", database.availability.is_ready)
        yield _counter(
            "slow_statements", "Statements slower than SERVICE_SLOW_STATEMENT_MS.", database.statement_watch.slow
        )
        replica = self._resources.replica
        if replica is not None:
            yield _gauge("replica_ready", "1 while the replica of the database answers.", replica.is_ready)
            yield _counter(
                "replica_reads",
                "Reads that may go to the replica, by outcome; the primary answers all that the replica did not.",
                {(outcome,): number for outcome, number in replica.reads.items()},
                ("outcome",),
            )
        pool = database.pool
        if pool is not None:
            yield _gauge("pool_connections_limit", "Connections to the database that may be open.", pool.size_max)
            yield _gauge("pool_connections_in_use", "Connections to the database that are in use.", pool.in_use)
            yield _gauge("pool_waiting", "Tasks that wait for a connection to the database.", pool.waiting)
            yield _counter("pool_waits", "Times that a task had to wait for a connection to the database.", pool.waits)
            yield _counter("pool_refusals", "Waits for a connection that lasted too long.", pool.refused)

    def _of_steps(self) -> Iterator[Metric]:
        steps = self._steps
        yield _counter("step_turns", "Turns of background jobs, by outcome.", dict(steps.turns), ("step", "outcome"))
        yield _counter("step_items", "Items that background jobs did.", _by_one(steps.items), ("step",))
        yield _gauge(
            "step_caught_up_timestamp_seconds",
            "Time at which the background job last had nothing left to do.",
            _by_one(steps.caught_up_s),
            ("step",),
        )
        if self.failing_items is not None:
            failing = _by_one(self.failing_items)
            yield _gauge(
                "failing_items", "Items of background jobs that failed and wait for a retry.", failing, ("step",)
            )
        if self.outbound is not None:
            yield from _of_outbound(self.outbound)


def _of_outbound(outbound: Mapping[str, Outbound]) -> Iterator[Metric]:
    yield _gauge(
        "outbound_waiting",
        f"Webhook deliveries and mails that wait to be sent, also again; at most {COUNTED_MAX}.",
        _by_one({channel: each.waiting for channel, each in outbound.items()}),
        ("channel",),
    )
    yield _gauge(
        "outbound_failed",
        f"Webhook deliveries and mails that failed for good, as far as they are kept; at most {COUNTED_MAX}.",
        _by_one({channel: each.failed for channel, each in outbound.items()}),
        ("channel",),
    )
    yield _gauge(
        "outbound_oldest_seconds",
        "Age of the oldest webhook delivery or mail that waits; 0 if none does.",
        _by_one({channel: each.oldest_s for channel, each in outbound.items()}),
        ("channel",),
    )


def _of_requests(serving: Serving) -> Iterator[Metric]:
    requests = serving.requests
    labels = ("api", "operation", "status", "code")
    yield _counter("requests", "Requests, by the first code of their refusal.", requests.counts, labels)
    yield _counter("refusals", "Refusals, also of a part of a request.", dict(requests.refusals), ("api", "code"))
    durations = HistogramMetricFamily(
        f"{PREFIX}request_duration_seconds",
        "Time from the head of a request to the end of its answer.",
        labels=("api", "operation"),
    )
    for of, distribution in requests.durations.items():
        _add(durations, of, distribution)
    yield durations
    yield _gauge("requests_in_progress", "Requests whose answer has not begun.", serving.in_progress())


def _of_orders(placement: Placement) -> Iterator[Metric]:
    sizes = HistogramMetricFamily(f"{PREFIX}order_group_size", "Orders that were placed in one transaction.", labels=())
    _add(sizes, (), placement.sizes)
    yield sizes
    yield _gauge("orders_waiting", "Orders that wait to be placed.", placement.waiting)
    yield _gauge("order_wait_seconds", "Time that the first of these orders has waited.", placement.longest_wait_s)
    yield _counter("orders_retried", "Orders placed one by one because their group failed.", placement.retried)


def _of_plans(serving: Serving) -> Iterator[Metric]:
    cached = {(result,): serving.lookups.get(result, 0) for result in _RESULTS}
    yield _counter("plan_cache_requests", "GraphQL documents, by whether they were known.", cached, ("result",))
    ways = {(way,): serving.executions.get(way, 0) for way in _WAYS}
    yield _counter("graphql_executions", "GraphQL operations, by how they were executed.", ways, ("way",))


def _counter(name: str, text: str, numbers: Numbers, labels: tuple[str, ...] = ()) -> CounterMetricFamily:
    family = CounterMetricFamily(f"{PREFIX}{name}", text, labels=labels)
    for of, number in _by_labels(numbers).items():
        family.add_metric(of, number)
    return family


def _gauge(name: str, text: str, numbers: Numbers, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=labels)
    for of, number in _by_labels(numbers).items():
        family.add_metric(of, number)
    return family


def _by_labels(numbers: Numbers) -> Mapping[tuple[str, ...], float]:
    return numbers if isinstance(numbers, Mapping) else {(): float(numbers)}


def _by_one(numbers: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): number for name, number in numbers.items()}


def _add(family: HistogramMetricFamily, labels: tuple[str, ...], distribution: Distribution) -> None:
    family.add_metric(labels, list(distribution.cumulative()), distribution.total)
