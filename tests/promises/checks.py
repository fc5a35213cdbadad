"""Judgement of a history: what callers were told against what the tables hold, and the figures of each fault.

Reads the history's file and the tables, and nothing of the service's own view of them but the audit.
"""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from service.api.graphql.types.node import global_id
from service.storage.database import Database
from tests.books import assert_audit_finds_nothing
from tests.promises.callers import Customer
from tests.promises.campaign import BALANCE_MINOR, Process
from tests.promises.history import BROKEN, OK, UNAVAILABLE, UNKNOWN, Attempt, Probe, Read, Window, read

T = TypeVar("T")

REFUSED_WITHIN_S, RED_WITHIN_S, BACK_WITHIN_S = 3.0, 2.0, 1.0
"""The promised times: of a refusal, of readiness turning red, and of the first order after the database's return."""
SLACK_S = 20.0
"""Time that a machine may add to a promised one which is busy with other things. Without the watch of the database a
call would wait for the limits of the service, which these tests set to a minute. The true times are in the report.
"""


@dataclass
class FaultFigures:
    """Effects of one kind of fault on callers, over all times that it was caused. Seconds are the longest of all."""

    ground: str
    fault: str
    times: int = 0
    acknowledged: int = 0
    refused: int = 0
    cut: int = 0
    refusal_s: float | None = None
    red_s: float | None = None
    outage_s: float | None = None
    back_s: float = 0.0
    pause_s: float = 0.0


@dataclass
class GroundFigures:
    """Totals of a whole campaign."""

    ground: str
    seconds: float
    attempts: int
    acknowledged: int
    replayed: int
    unknown: int
    refused: int
    cancelled: int
    kills: int
    faults: list[FaultFigures] = field(default_factory=list)


async def judged(
    ground: str, folder: Path, database_url: str, customers: list[Customer], processes: list[Process]
) -> GroundFigures:
    """Assert that the promises were kept, and return the figures."""
    history = read(folder / "history")
    _assert_no_answer_is_a_fault(history, processes)
    database = await Database.open(database_url, statement_timeout_ms=600_000)
    try:
        stored = await _stored_orders(database)
        _assert_orders_are_what_was_acknowledged(history, stored)
        _assert_replays_are_equal(history)
        _assert_every_api_refused_in_outages(history)
        _assert_requests_without_answer_were_not_carried_out(history)
        _assert_accounts_are_in_order(history, stored)
        _assert_cancellations_are_kept(history, stored)
        await _assert_sums(database, customers, stored)
        await assert_audit_finds_nothing(database)
    finally:
        await database.close()
    figures = _figures(ground, history)
    for fault in figures.faults:
        _assert_times(fault)
    return figures


@dataclass(frozen=True, slots=True)
class Stored:
    account: str
    id: str
    key: str
    mass_g: int
    total_minor: int
    status: str
    seq: int


async def _stored_orders(database: Database) -> list[Stored]:
    """Every order with the number of its first event, read by statements of this module."""
    firsts = await database.reader.fetch("SELECT order_id, min(seq) AS seq FROM events GROUP BY order_id")
    first = {str(row["order_id"]): int(row["seq"]) for row in firsts}
    rows = await database.reader.fetch(
        "SELECT id, account_id, idempotency_key, mass_g, total_cost_minor, status FROM orders"
    )
    return [
        Stored(
            str(row["account_id"]), global_id("Order", UUID(str(row["id"]))), row["idempotency_key"], row["mass_g"],
            row["total_cost_minor"], row["status"], first[str(row["id"])],
        )
        for row in rows
    ]  # fmt: skip


def _assert_no_answer_is_a_fault(history: Read, processes: list[Process]) -> None:
    broken = [each for each in history.attempts if each.outcome == BROKEN]
    assert not broken, broken[:5]
    assert [each for each in history.attempts if each.outcome == UNAVAILABLE and not each.has_retry_after] == []
    for process in processes:
        assert process.unexpected() == []


def _assert_orders_are_what_was_acknowledged(history: Read, stored: list[Stored]) -> None:
    by_key: dict[tuple[str, str], list[Stored]] = defaultdict(list)
    for order in stored:
        by_key[order.account, order.key].append(order)
    assert [key for key, orders in by_key.items() if len(orders) > 1] == [], "a key made two orders"
    attempted = {(each.account, each.key) for each in history.attempts if each.doing == "order"}
    assert by_key.keys() - attempted == set(), "an order was made that nobody asked for"
    lost, changed = [], []
    for attempt in _placed(history):
        found = by_key.get((attempt.account, attempt.key))
        if found is None:
            lost.append(attempt)
        elif (found[0].id, found[0].mass_g, found[0].total_minor) != _told(attempt):
            changed.append((attempt, found[0]))
    assert lost == [], "acknowledged orders are lost"
    assert changed == [], "acknowledged orders are not what was told"


def _told(attempt: Attempt) -> tuple[str, int, int]:
    return attempt.order_id, attempt.mass_g, attempt.total_minor


def _placed(history: Read) -> Iterator[Attempt]:
    return (each for each in history.attempts if each.doing == "order" and each.outcome == OK)


def _assert_replays_are_equal(history: Read) -> None:
    told: dict[tuple[str, str], set[tuple[str, int, int]]] = defaultdict(set)
    first: dict[tuple[str, str], int] = defaultdict(int)
    for attempt in _placed(history):
        told[attempt.account, attempt.key].add(_told(attempt))
        first[attempt.account, attempt.key] += not attempt.replayed
    assert {key: answers for key, answers in told.items() if len(answers) > 1} == {}
    assert {key: count for key, count in first.items() if count > 1} == {}, "an order was new twice"


def _assert_every_api_refused_in_outages(history: Read) -> None:
    """Calls of every API are made at the height of an outage alone."""
    calls = [each for each in history.attempts if each.doing not in ("order", "cancel", "read")]
    assert [each for each in calls if each.outcome != UNAVAILABLE] == []


def _assert_requests_without_answer_were_not_carried_out(history: Read) -> None:
    """A server that is told to end answers what it has received: a connection that is cut had been idle. So an order of
    which every attempt was cut in that time is new to the first answer.
    """
    by_key: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for attempt in sorted((each for each in history.attempts if each.doing == "order"), key=_ended_s):
        by_key[attempt.account, attempt.key].append(attempt)
    wrong = []
    for attempts in by_key.values():
        before = list(takewhile(lambda each: each.outcome == UNKNOWN, attempts))
        first = attempts[len(before)] if len(before) < len(attempts) else None
        for window in (each for each in history.windows if each.answers_all):
            inside = before and all(window.began_s <= each.ended_s <= window.over_s for each in before)
            if inside and first is not None and first.outcome == OK and first.replayed:
                wrong.append(first)
    assert wrong == []


def _assert_accounts_are_in_order(history: Read, stored: list[Stored]) -> None:
    """An order that was acknowledged before another one was sent comes before it in the account's events."""
    seq_of = {order.id: order.seq for order in stored}
    new: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in _placed(history):
        if not attempt.replayed:
            new[attempt.account].append(attempt)
    wrong = []
    for attempts in new.values():
        ended = sorted(attempts, key=lambda each: each.ended_s)
        highest, position = 0, 0
        for attempt in sorted(attempts, key=lambda each: each.began_s):
            while ended[position].ended_s < attempt.began_s:
                highest, position = max(highest, seq_of[ended[position].order_id]), position + 1
            if highest > seq_of[attempt.order_id]:
                wrong.append(attempt)
    assert wrong == []


def _assert_cancellations_are_kept(history: Read, stored: list[Stored]) -> None:
    asked = {each.order_id for each in history.attempts if each.doing == "cancel"}
    told = {each.order_id for each in history.attempts if each.doing == "cancel" and each.outcome == OK}
    cancelled = {order.id for order in stored if order.status == "CANCELLED"}
    assert told - cancelled == set()
    assert cancelled - asked == set()


async def _assert_sums(database: Database, customers: list[Customer], stored: list[Stored]) -> None:
    """Every gram that was issued is in stock or in an order, and every cent of a balance is there or was spent."""
    (batches,) = await database.reader.fetch(
        "SELECT sum(issued_g) AS issued, sum(available_g) AS available, sum(held_g) AS held FROM credit_batches"
    )
    (waiting,) = await database.reader.fetch("SELECT count(*) AS count FROM backorders")
    standing = [order for order in stored if order.status != "CANCELLED"]
    ordered_g = sum(order.mass_g for order in standing)
    assert waiting["count"] == 0
    assert batches["issued"] - batches["available"] - batches["held"] == ordered_g
    rows = await database.reader.fetch("SELECT account_id, amount_minor FROM balances")
    left = {str(row["account_id"]): row["amount_minor"] for row in rows}
    for customer in customers:
        spent = sum(order.total_minor for order in standing if order.account == customer.account and customer.pays)
        assert left.get(customer.account, 0) == (BALANCE_MINOR - spent if customer.pays else 0)


def _figures(ground: str, history: Read) -> GroundFigures:
    placed = list(_placed(history))
    figures = GroundFigures(
        ground=ground,
        seconds=round(history.attempts[-1].ended_s - history.attempts[0].began_s, 1),
        attempts=len(history.attempts),
        acknowledged=len({(each.account, each.key) for each in placed}),
        replayed=sum(each.replayed for each in placed),
        unknown=sum(each.outcome == UNKNOWN for each in history.attempts),
        refused=sum(each.outcome == UNAVAILABLE for each in history.attempts),
        cancelled=len({each.order_id for each in history.attempts if each.doing == "cancel" and each.outcome == OK}),
        kills=sum(window.kills for window in history.windows),
    )
    attempts = sorted(history.attempts, key=_ended_s)
    probes = sorted(history.probes, key=_ended_s)
    by_fault: dict[str, FaultFigures] = {}
    for window in history.windows:
        found = by_fault.setdefault(window.fault, FaultFigures(ground, window.fault))
        _add(found, window, _during(window, attempts), _during(window, probes))
    figures.faults = list(by_fault.values())
    return figures


def _add(figures: FaultFigures, window: Window, during: list[Attempt], probes: list[Probe]) -> None:
    """Add one window's figures: of the calls and probes that ended in it."""
    orders = [each for each in during if each.doing == "order" and each.outcome == OK]
    refused = [each for each in during if each.outcome == UNAVAILABLE]
    figures.times += 1
    figures.acknowledged += len(orders)
    figures.refused += len(refused)
    figures.cut += sum(each.outcome == UNKNOWN for each in during)
    if refused:
        # A call that had begun before is refused within the promised time from the beginning of the failure.
        waited = (each.ended_s - max(each.began_s, window.began_s) for each in refused)
        figures.refusal_s = max(figures.refusal_s or 0.0, *waited)
    placed = [each.ended_s for each in orders if window.orders_url in ("", each.url)]
    back_s = _first(each for each in placed if each >= window.healed_s) - window.healed_s
    figures.back_s = max(figures.back_s, back_s)
    moments = [window.began_s, *placed]
    figures.pause_s = max(figures.pause_s, *(later - former for former, later in pairwise(moments)), 0.0)
    if window.is_outage:
        red_s = _first(each.ended_s for each in probes if each.status != 200) - window.began_s
        figures.red_s = max(figures.red_s or 0.0, red_s)
        figures.outage_s = max(figures.outage_s or 0.0, back_s)


def _ended_s(entry: Any) -> float:
    return float(entry.ended_s)


def _during(window: Window, entries: list[T]) -> list[T]:
    first = bisect_left(entries, window.began_s, key=_ended_s)
    return entries[first : bisect_right(entries, window.over_s, key=_ended_s)]


def _first(moments: Iterable[float]) -> float:
    return min(moments, default=math.inf)


def _assert_times(figures: FaultFigures) -> None:
    assert (figures.refusal_s or 0) < REFUSED_WITHIN_S + SLACK_S, figures
    assert (figures.red_s or 0) < RED_WITHIN_S + SLACK_S, figures
    assert (figures.outage_s or 0) < BACK_WITHIN_S + SLACK_S, figures
