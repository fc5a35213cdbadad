"""Resources of every operation: the database, the clock, new ids and randomness, and retries of transactions.

Created once at the start of the process and passed to each operation; tests pass their own clock.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias, TypeVar
from uuid import UUID

import structlog

from service.documents.drawer import Drawer, shared_drawer
from service.domain.accounts import Account, Caller
from service.domain.api_keys import StoredKey
from service.domain.sustainability_pages import Impact
from service.kit.clock import Clock
from service.kit.ids import IdSource, random_bits, short_number
from service.kit.latest_uses import LatestUses
from service.kit.lookup_batcher import LookupBatcher
from service.kit.retry import with_retries
from service.kit.sealing import Sealer
from service.kit.ttl_cache import TTLCache
from service.operations.event_feed import EventFeed
from service.storage import api_keys, freshness
from service.storage.database import Database, Statements
from service.storage.failures import CONFLICT, DatabaseUnavailable, Doing
from service.storage.replica import Replica

T = TypeVar("T")
FoundKey: TypeAlias = tuple[StoredKey, Account]
KnownKey: TypeAlias = tuple[StoredKey, Caller]

log = structlog.get_logger(__name__)

TRANSACTION_DEADLINE_MS = 5_000
TRANSACTION_ATTEMPTS_MAX = 5
KEY_USE_GAP = timedelta(minutes=1)
"""Time between two stored uses of an API key: a use that follows the stored one sooner is not stored."""
IMPACT_MS, IMPACTS_MAX = 10_000, 1_000
"""Time in milliseconds for which the figures of a public page are cached, and the maximum number of cached pages."""


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """Options of webhooks: the encryption of their secrets, None in a process without the service's secret; True if
    addresses of this machine are accepted; and the time for which deliveries are kept.
    """

    sealer: Sealer | None = None
    loopback: bool = False
    kept: timedelta = timedelta(days=30)

    def require_sealer(self) -> Sealer:
        """Return the encryption of webhook secrets. Raises `RuntimeError` in a process without the service's secret."""
        if self.sealer is None:
            raise RuntimeError("this process was given no secret to encrypt webhook secrets under")
        return self.sealer


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything that operations use outside of themselves: database, clock, caches and queues."""

    database: Database
    clock: Clock
    new_id: IdSource
    known_keys: TTLCache[KnownKey] = field(default_factory=lambda: TTLCache(ttl_ms=0, entries_max=0))
    """Cache of API keys that were valid a moment ago, by the hash of their text."""
    drawer: Drawer = field(default_factory=shared_drawer)
    """Pool of processes that draw documents."""
    key_uses: LatestUses = field(default_factory=lambda: LatestUses(KEY_USE_GAP))
    """Times at which API keys were used, by key id, that are not stored yet."""
    webhooks: WebhookOptions = field(default_factory=WebhookOptions)
    impacts: TTLCache[Impact] = field(default_factory=lambda: TTLCache(ttl_ms=0, entries_max=0))
    """Cache of the figures of public pages, by account id. Everybody may request a page, and its figures count every
    order of the account.
    """
    event_feed: EventFeed = field(default_factory=EventFeed)
    """Feed of new events of the accounts that have followers."""
    replica: Replica | None = None
    """Read-only replica of the database, used for large reads and never for decisions."""
    stale_reads_ms: int = 0
    """Maximum age, in milliseconds, of lists of the catalogue and of all accounts that are read from the replica."""
    reads_all_large: bool = False
    """True if all reads of the account's data may use the replica, as those of an export do."""
    keys: LookupBatcher[str, FoundKey] = field(init=False)
    """API keys by id, looked up in batches, because under load they are most of the database's queries."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", LookupBatcher(lambda ids: api_keys.of_ids(self.database.reader, ids)))

    def new_order_number(self) -> str:
        """Return a short number for people to read out; two orders of one account get the same number only if placed in
        the same millisecond, and then with a chance of less than one in a million.
        """
        return short_number(self.clock(), random_bits(24))

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch the database and its replica while the context is open, to notice when they become unreachable and
        return.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.database.watched())
            if self.replica is not None:
                await stack.enter_async_context(self.replica.watched())
            yield

    def of_export(self) -> "Resources":
        """Return these resources for an export, whose reads use the replica if it is up to date."""
        return replace(self, reads_all_large=True)

    async def read_own(
        self,
        account_id: UUID,
        work: Callable[[Statements], Awaitable[T]],
        *,
        is_large: bool = False,
        with_clients: bool = False,
    ) -> T:
        """Run a read of the account's data and return its result, which includes every change that was acknowledged
        before.

        A large read uses the replica if that has the account's latest event; with `with_clients` also the latest events
        of its client accounts, whose orders change its ledger.
        """
        replica, reader = self.replica, self.database.reader
        if replica is not None and (is_large or self.reads_all_large):
            # Read before the replica is asked. A later commit may or may not be visible, as in any read.
            latest = (
                await freshness.latest_events(reader, account_id, with_clients=with_clients) if replica.is_ready else []
            )

            async def has_these(statements: Statements) -> bool:
                return await freshness.latest_events(statements, account_id, with_clients=with_clients) == latest

            answer = await replica.read(has_these, work)
            if answer is not None:
                return answer.value
        return await work(reader)

    async def read_shared(self, work: Callable[[Statements], Awaitable[T]]) -> T:
        """Run a read of the catalogue or of all accounts and return its result. It uses the replica if stale reads are
        allowed and the replica is recent enough.
        """
        if self.replica is not None and self.stale_reads_ms:

            async def is_recent(statements: Statements) -> bool:
                age_ms = await freshness.replica_age_ms(statements)
                return age_ms is not None and age_ms <= self.stale_reads_ms

            answer = await self.replica.read(is_recent, work)
            if answer is not None:
                return answer.value
        return await work(self.database.reader)

    async def transact(
        self, work: Callable[[Statements], Awaitable[T]], *, deadline_ms: int = TRANSACTION_DEADLINE_MS
    ) -> T:
        """Run the work in a transaction and return its result after the commit. A temporary failure is retried from the
        start within `deadline_ms`, so the work must be safe to run again after a commit whose answer was lost. Refuses
        `UNAVAILABLE` if the database stays unreachable.
        """
        is_uncertain = False

        async def attempt() -> T:
            nonlocal is_uncertain
            try:
                async with self.database.transaction() as statements:
                    return await work(statements)
            except DatabaseUnavailable as error:
                is_uncertain |= error.is_uncertain
                raise

        try:
            return await with_retries(
                attempt,
                may_retry=_may_run_again,
                deadline_ms=deadline_ms,
                attempts_max=TRANSACTION_ATTEMPTS_MAX,
            )
        except DatabaseUnavailable as error:
            if error.failure is CONFLICT:
                log.warning("database_unavailable", failure=error.failure.name, error=error.detail)
            if is_uncertain and not error.is_uncertain:  # the answer to a commit before the last attempt was lost
                raise DatabaseUnavailable(error.failure, Doing.COMMITTING) from error
            raise


def _may_run_again(error: BaseException) -> bool:
    return isinstance(error, DatabaseUnavailable) and error.may_run_again
