"""A streaming replica of a PostgreSQL, which answers reads that decide nothing in the primary's place.

It never decides what a caller may see: a read is answered there only in a session that has shown to know enough, and by
the primary in all other cases. `freshness.py` has the questions. docs/decisions/0019 says why.
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
    """Availability of a server that need not take writes: it is ready while it answers. Begins as not ready, because
    nobody waits for a replica at the start.
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
    """The result of a read, which may be None."""

    value: T


class Replica:
    """A replica at an address of its own. It is opened when it is first reached, and may come and go."""

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
        """Reads that might go to the replica, by what became of them: all but the first are answered by the primary."""
        self._watch = StatementWatch(slow_ms=slow_statement_ms, tracer=statement_tracer)
        self._client = PostgresqlClient(url, availability=self.availability, statement_watch=self._watch, **limits)

    @property
    def is_ready(self) -> bool:
        """Return whether the replica has answered its last probe."""
        return self.availability.is_ready

    async def read(
        self, knows_enough: Callable[[Statements], Awaitable[bool]], work: Callable[[Statements], Awaitable[T]]
    ) -> Answer[T] | None:
        """Return what the work reads, or None if the primary has to be asked: the replica does not answer, fails, or
        does not know enough yet.

        Question and work run in one session, because an address may lead to several replicas. A statement that takes
        too long is refused as on the primary, which would take as long.
        """
        if not self.is_ready:
            self.reads["away"] += 1
            return None
        try:
            async with self._client.transaction() as client:
                statements = PostgresqlStatements(client, self._watch)
                answer = Answer(await work(statements)) if await knows_enough(statements) else None
        except (Refused, DatabaseDefect) as error:
            # A defect too: a replica that has not replayed a migration yet lacks its tables.
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
        """Inside, one cheap question a second decides whether reads go to the replica. Without it none goes there."""
        probe = PostgresqlProbe(self._client)
        watch = Watch(probe, self.availability, self._client.end_waiting, _nothing)
        try:
            async with watching(watch, probe):
                yield
        finally:
            await self._client.close()


async def _nothing() -> None:
    """Take the place of a write, which is not for a replica."""
