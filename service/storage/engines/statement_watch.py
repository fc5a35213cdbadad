"""Monitoring of single statements: a log line for each slow one, and a span if statements are traced.

Sees the text of a statement with its placeholders, never the values. Does not know the drivers.
"""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

import structlog

P = TypeVar("P")
T = TypeVar("T")
TEXT_LENGTH_MAX = 500

_NO_SPAN: AbstractContextManager[object] = nullcontext()
log = structlog.get_logger(__name__)


class StatementTracer(Protocol):
    """Maker of spans."""

    def statement(self, sql: str) -> AbstractContextManager[object]:
        """Return a span of the statement that runs inside."""


class StatementWatch:
    """Logger of statements that take longer than `slow_ms`; 0 disables it. One instance serves all connections."""

    def __init__(self, *, slow_ms: int = 0, tracer: StatementTracer | None = None) -> None:
        self._slow_s = slow_ms / 1_000 if slow_ms else float("inf")
        self._tracer = tracer
        self.slow = 0
        """Number of slow statements."""

    async def run(self, sql: str, work: Awaitable[T]) -> T:
        """Run the work, which executes the statement, and return its result."""
        began_s = time.perf_counter()
        try:
            with self.span(sql):
                return await work
        finally:
            self.ended(sql, time.perf_counter() - began_s)

    def span(self, sql: str) -> AbstractContextManager[object]:
        """Return the span of a statement; a no-op if statements are not traced."""
        return _NO_SPAN if self._tracer is None else self._tracer.statement(sql)

    def traced(self, read: Callable[[str, P], T]) -> Callable[[str, P], T]:
        """Wrap the function, whose first argument is a statement, in a span if statements are traced."""
        if self._tracer is None:
            return read

        def traced(sql: str, parameters: P) -> T:
            with self.span(sql):
                return read(sql, parameters)

        return traced

    def ended(self, sql: str, seconds: float) -> None:
        """Record how long a statement took, also one that failed."""
        if seconds > self._slow_s:
            self.slow += 1
            log.warning("statement_slow", ms=round(seconds * 1_000, 2), statement=shortened(sql))


def shortened(sql: str) -> str:
    """Return the statement in one line, at most 500 characters of it."""
    line = " ".join(sql[: 2 * TEXT_LENGTH_MAX].split())
    return line if len(line) <= TEXT_LENGTH_MAX else f"{line[:TEXT_LENGTH_MAX]}…"
