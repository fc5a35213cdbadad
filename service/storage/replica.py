"""A streaming replica of a PostgreSQL, which answers reads instead of the primary if nothing is decided by them.

A read uses the replica only in a session that was shown to be recent enough, by the queries of `freshness.py`; in all
other cases it uses the primary. docs/decisions/0019 gives the reasons.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar, Unpack

import structlog

from service.errors import Code, Refused
from service.storage.engines import Statements
from service.storage.engines.availability import Availability
from service.storage.engines.limits import Limits
from service.storage.engines.postgresql import PostgresqlClient, PostgresqlStatements
from service.storage.engines.probes import PostgresqlProbe
from service.storage.engines.statement_watch import StatementTracer, StatementWatch
from service.storage.failures import SLOW, DatabaseDefect, DatabaseUnavailable, Failure
from service.storage.watch import Watch, watching

T = TypeVar("T")
Outcome: TypeAlias = Literal["answered", "behind", "away", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("answered", "behind", "away", "failed")

log = structlog.get_logger(__name__)


class ReplicaAvailability(Availability):
    """Availability of a read-only server: it is ready while it answers. Begins as not ready, because the service starts
    without waiting for a replica.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failed_probes = 1
        self._was_ready = False
        self.suspected.set()

    def note_probe(self, *, takes_writes: bool) -> None:  # noqa: ARG002 - of no importance here
        super().note_probe(takes_writes=True)

    def _log_failure(self, failure: Failure, error: DatabaseUnavailable) -> None:
        """Log nothing: the primary answers instead."""

    def _log_readiness(self, why: str) -> None:
        if self.is_ready:
            log.info("replica_ready")
        else:
            log.warning("replica_not_ready", why=why)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """Wrapper for the result of a read, because the result may be None."""

    value: T


class Replica:
    """A replica with its own address. It is connected to when it is first reachable, and may become unreachable and
    return.
    """

    def __init__(
        self,
        url: str,
        *,
        slow_statement_ms: int = 0,
        statement_tracer: StatementTracer | None = None,
        **limits: Unpack[Limits],
    ) -> None:
        """Take the limits of `Database.open`; a replica batches no queries, because each is read in a transaction."""
        self.availability = ReplicaAvailability()
        self.reads: Counter[Outcome] = Counter(dict.fromkeys(OUTCOMES, 0))
        """Number of reads that could have used the replica, by outcome. The first outcome is an answer of the replica;
        all others were answered by the primary.
        """
        self._watch = StatementWatch(slow_ms=slow_statement_ms, tracer=statement_tracer)
        self._client = PostgresqlClient(url, availability=self.availability, statement_watch=self._watch, **limits)

    @property
    def is_ready(self) -> bool:
        """Return True if the replica has answered its last probe."""
        return self.availability.is_ready

    async def read(
        self, knows_enough: Callable[[Statements], Awaitable[bool]], work: Callable[[Statements], Awaitable[T]]
    ) -> Answer[T] | None:
        """Run the work on the replica and return its answer; None if the primary must be used, because the replica does
        not answer, fails, or is not recent enough.

        Check and work run in one session, because an address may lead to several replicas. A statement that takes too
        long is refused, because the primary would take as long.
        """
        if not self.is_ready:
            self.reads["away"] += 1
            return None
        try:
            async with self._client.transaction() as client:
                statements = PostgresqlStatements(client, self._watch)
                answer = Answer(await work(statements)) if await knows_enough(statements) else None
        except (Refused, DatabaseDefect) as error:
            # A defect counts too: a replica that has not replayed a migration yet lacks its tables.
            if isinstance(error, Refused) and error.code is not Code.UNAVAILABLE:
                raise
            if isinstance(error, DatabaseUnavailable) and error.failure is SLOW:
                raise
            self.reads["failed"] += 1
            return None
        self.reads["answered" if answer else "behind"] += 1
        return answer

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Context in which a cheap query a second decides if reads use the replica. Without it none does."""
        probe = PostgresqlProbe(self._client)
        watch = Watch(probe, self.availability, self._client.end_waiting, _nothing)
        try:
            async with watching(watch, probe):
                yield
        finally:
            await self._client.close()


async def _nothing() -> None:
    """Stand in for a test write, which a replica cannot do."""
