"""Resources of every operation: the database, the clock, new ids and randomness, and retries of transactions.

Made once by the composition root and passed to each operation; tests pass their own clock.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

import structlog

from service.domain.accounts import Account, Caller
from service.errors import Code, Refused
from service.kit.clock import Clock
from service.kit.ids import IdSource, random_bits, short_number
from service.kit.lookup_batcher import LookupBatcher
from service.kit.retry import with_retries
from service.kit.ttl_cache import TTLCache
from service.storage import api_keys
from service.storage.database import Database, Statements
from service.storage.failures import is_outage, may_retry

T = TypeVar("T")
FoundKey: TypeAlias = tuple[api_keys.StoredKey, Account]
KnownKey: TypeAlias = tuple[api_keys.StoredKey, Caller]

log = structlog.get_logger(__name__)

TRANSACTION_DEADLINE_MS = 5_000
TRANSACTION_ATTEMPTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Resources:
    """Access to the outside world for operations."""

    database: Database
    clock: Clock
    new_id: IdSource
    known_keys: TTLCache[KnownKey] = field(default_factory=lambda: TTLCache(ttl_ms=0, entries_max=0))
    """API keys that were valid a moment ago, by the hash of their text."""
    keys: LookupBatcher[str, FoundKey] = field(init=False)
    """API keys by id, looked up together: under load these are most of the database's queries."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", LookupBatcher(lambda ids: api_keys.of_ids(self.database.reader, ids)))

    def new_order_number(self) -> str:
        """Return a short number for people to read out; unique per account except once in millions of orders of one
        millisecond.
        """
        return short_number(self.clock(), random_bits(24))

    async def transact(self, work: Callable[[Statements], Awaitable[T]]) -> T:
        """Commit the work. A failure that may pass is tried again from the start, so the work must be safe to run again
        after a commit whose answer was lost. Refuses `UNAVAILABLE` if the database stays unreachable.
        """

        async def attempt() -> T:
            async with self.database.transaction() as statements:
                return await work(statements)

        try:
            return await with_retries(
                attempt,
                may_retry=may_retry,
                deadline_ms=TRANSACTION_DEADLINE_MS,
                attempts_max=TRANSACTION_ATTEMPTS_MAX,
            )
        except Exception as error:
            raise refusal_of(error) from error


def refusal_of(error: Exception) -> Exception:
    """Return `UNAVAILABLE` for a database that is unreachable or too busy; any other failure unchanged."""
    if isinstance(error, Refused) or not (is_outage(error) or may_retry(error)):
        return error
    log.warning("database_unavailable", error=repr(error))
    return Refused(
        Code.UNAVAILABLE,
        "The database cannot be reached or is too busy. Try again, a write with the same idempotency key.",
    )
