"""The feed of new events, which all followers in a process share. A resource that operations use, not an operation.

One task polls the event numbers of all followed accounts, which grow in the transactions that record events, and reads
new events once for all followers of an account. So events of every process are seen. A follower has no queue, only the
number of its last event. A follower that falls behind reads the rows itself, so it uses no memory.

PostgreSQL's NOTIFY is not used: each commit with it takes a lock of the whole database, and poolers in transaction mode
drop it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

import structlog

from service.domain.events import Event
from service.storage import events as event_log
from service.storage.database import Statements
from service.storage.failures import DatabaseUnavailable

log = structlog.get_logger(__name__)

PAGE = 200
"""Events of an account that are read at once, and that are kept for followers that are a little behind."""
KEPT_S = 2.0
"""Seconds for which events are kept after the last one of their account."""
PAGES_MAX = 5
"""Pages of one account that are read in a row before other accounts get their turn."""
HEADS_MAX = 512
"""Accounts whose event numbers are read by one statement."""
READS_MAX = 16
"""Accounts whose events are read at the same time."""
AWAY_REST_S = 0.5
"""Seconds between two attempts while the database is unreachable."""


@dataclass(slots=True)
class _Followed:
    """An account with followers: the number of its last event that was read, and the latest events up to it."""

    last_seq: int
    followers: int = 0
    kept: deque[Event] = field(default_factory=lambda: deque(maxlen=PAGE))
    read_at_s: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def after(self, seq: int) -> list[Event]:
        """Return the kept events after the number; empty if some of them are no longer kept."""
        if not self.kept or seq + 1 < self.kept[0].seq:
            return []
        return list(islice(self.kept, seq + 1 - self.kept[0].seq, None))

    def add(self, events: Sequence[Event], now_s: float) -> None:
        """Keep the events, and wake the followers."""
        self.kept.extend(events)
        self.last_seq, self.read_at_s = events[-1].seq, now_s
        woken, self.changed = self.changed, asyncio.Event()
        woken.set()


class EventFeed:
    """The events of followed accounts, polled every `poll_ms` milliseconds. Belongs to one event loop."""

    def __init__(self, *, poll_ms: int = 200) -> None:
        self._poll_s = poll_ms / 1_000
        self._accounts: dict[UUID, _Followed] = {}
        self._task: asyncio.Task[None] | None = None

    async def events(
        self, statements: Statements, account_id: UUID, after: int, last_seq: int
    ) -> AsyncGenerator[Sequence[Event], None]:
        """Yield the account's events after the number `after`, in order and without gaps, as they are committed; never
        ends. `last_seq` is the number of the account's last event at the time of the call.
        """
        followed = self._join(statements, account_id, last_seq)
        try:
            while True:
                changed = followed.changed
                if after >= followed.last_seq:
                    await changed.wait()
                    continue
                found = followed.after(after) or await _page(statements, account_id, after)
                if found:
                    after = found[-1].seq
                    yield found
        finally:
            self._leave(account_id, followed)

    def _join(self, statements: Statements, account_id: UUID, last_seq: int) -> _Followed:
        followed = self._accounts.setdefault(account_id, _Followed(last_seq))
        followed.followers += 1
        if self._task is None:
            # An empty context, because the task works for all followers and its log lines and traces must not carry
            # this request's id.
            self._task = asyncio.get_running_loop().create_task(self._poll(statements), context=Context())
        return followed

    def _leave(self, account_id: UUID, followed: _Followed) -> None:
        followed.followers -= 1
        if not followed.followers:
            del self._accounts[account_id]

    async def _poll(self, statements: Statements) -> None:
        """Poll for new events until there are no followers."""
        while self._accounts:
            try:
                await asyncio.sleep(self._poll_s)
                await self._look(statements)
            except DatabaseUnavailable:
                await asyncio.sleep(AWAY_REST_S)
            except Exception:
                log.exception("events_not_read")
                await asyncio.sleep(AWAY_REST_S)
        self._task = None

    async def _look(self, statements: Statements) -> None:
        ids = list(self._accounts)
        for start in range(0, len(ids), HEADS_MAX):
            some = ids[start : start + HEADS_MAX]
            # Padded to a power of two, so that few different statements are prepared.
            heads = await event_log.last_seqs(statements, some + [some[-1]] * (_power(len(some)) - len(some)))
            now_s = asyncio.get_running_loop().time()
            behind = []
            for account_id in some:
                followed = self._accounts.get(account_id)
                if followed is None:
                    continue
                if heads.get(account_id, 0) > followed.last_seq:
                    behind.append((account_id, followed))
                elif followed.kept and now_s - followed.read_at_s > KEPT_S:
                    followed.kept.clear()
            for begin in range(0, len(behind), READS_MAX):
                reads = (_read(statements, *each) for each in behind[begin : begin + READS_MAX])
                for outcome in await asyncio.gather(*reads, return_exceptions=True):
                    if outcome is not None:
                        raise outcome


def _power(count: int) -> int:
    """Return the smallest power of two that is not below the number."""
    return 1 << (count - 1).bit_length()


async def _read(statements: Statements, account_id: UUID, followed: _Followed) -> None:
    for _ in range(PAGES_MAX):
        found = await event_log.after(statements, account_id, followed.last_seq, PAGE)
        if found:
            followed.add(found, asyncio.get_running_loop().time())
        if len(found) < PAGE:
            return


async def _page(statements: Statements, account_id: UUID, after: int) -> Sequence[Event]:
    """Read a page of events that are not kept. If the database is unreachable, sleep and return nothing."""
    try:
        return await event_log.after(statements, account_id, after, PAGE)
    except DatabaseUnavailable:
        await asyncio.sleep(AWAY_REST_S)
        return ()
