"""Batching of queries that have the same text and wait at the same time: they are sent to PostgreSQL as one statement,
and each gets its own rows.

A round trip costs the service and the database more than most queries. Knows no table; the queries are outside any
transaction and may be run again.
"""

import asyncio
import re
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

from service.kit.fair_turns import CALLER, NOBODY, FairTurns, WaitingCaller
from service.kit.origins import ORIGINS

Rows: TypeAlias = list[Sequence[Any]]
Parameters: TypeAlias = Sequence[object]
Fetch: TypeAlias = Callable[[str, Parameters], Awaitable[Rows]]
_Member: TypeAlias = tuple[Parameters, "asyncio.Future[Rows]", Context]

GROUP_MAX = 8
"""Maximum number of queries in one statement: more would save little and delay the first of them."""

PATIENCE_S = 0.01
"""Seconds after which a waiting query is sent alone, so that large queries do not delay small ones."""

SLOW_S = 0.1
"""Time from which a query counts as slow. Queries with its text are then not batched, because they would delay the
others in the batch; callers take turns to run them.
"""
SLOW_TEXTS_MAX = 1_000

_MEMBER, _CELLS = itemgetter(-1), itemgetter(slice(None, -1))
_PLACEHOLDER = re.compile(r"\$(\d+)")


class QueryBatcher:
    """A batcher that runs queries through `fetch`. A query whose text is not running is sent in the next turn of
    the event loop, together with others of its text that arrive in this turn; later ones share the next statement.

    A batch starts after the last of its queries arrived, so each sees everything that was committed before it. If a
    batch fails, each query is run alone. A query whose text was slow last time is run alone too. Unless it is the
    service's own, it takes one of the turns that the callers of such queries share: half of the `connections`, so that
    other statements find one, and an eighth for each caller. Without `batches` every query is run alone. One instance
    belongs to one event loop.
    """

    def __init__(self, fetch: Fetch, connections: int, *, batches: bool = True) -> None:
        self._fetch = fetch
        self._batches = batches
        self._turns = FairTurns(width=max(1, connections // 2), each=max(1, connections // 8))
        self._texts: dict[str, _Text] = {}
        self._slow: OrderedDict[str, None] = OrderedDict()

    def fetch(self, sql: str, parameters: Parameters) -> Awaitable[Rows]:
        """Return the rows by position. If one caller is cancelled, the other callers of the batch still get their
        rows.
        """
        if sql in self._slow or not self._batches:
            return self.fetch_alone(sql, parameters)
        text = self._texts.get(sql)
        if text is None:
            text = self._texts[sql] = _Text(sql, self, self._texts, asyncio.get_running_loop())
        return text.ask(parameters)

    async def fetch_alone(self, sql: str, parameters: Parameters, caller: WaitingCaller | None = None) -> Rows:
        """Return the rows of a query that is not batched. Refuses `UNAVAILABLE` for a slow one whose caller has
        disconnected.
        """
        caller = caller or CALLER.get()
        if sql not in self._slow or caller is NOBODY:
            return await self.timed(sql, sql, parameters)
        async with self._turns.turn(caller):
            return await self.timed(sql, sql, parameters)

    async def timed(self, sql: str, batch: str, parameters: Parameters, members: int = 1) -> Rows:
        """Run the query, or a batch of `members` of them, and record if it was slow."""
        began_s = time.perf_counter()
        rows = await self._fetch(batch, parameters)
        if time.perf_counter() - began_s < SLOW_S * members:
            self._slow.pop(sql, None)
        else:
            self._slow[sql] = None
            if len(self._slow) > SLOW_TEXTS_MAX:
                self._slow.popitem(last=False)
        return rows

    def is_slow(self, sql: str) -> bool:
        """Return whether the query of this text was slow last time."""
        return sql in self._slow

    @property
    def texts_asked(self) -> int:
        """Return the number of texts with waiting queries."""
        return len(self._texts)


class _Text:
    """Queries of one text: those that wait, and the number of running statements. Dropped when both are none."""

    __slots__ = ("_batcher", "_impatient", "_loop", "_of", "_running", "_sql", "_waiting")

    def __init__(
        self, sql: str, batcher: QueryBatcher, of: "dict[str, _Text]", loop: asyncio.AbstractEventLoop
    ) -> None:
        self._loop = loop  # cached, because before Python 3.12 each look-up of the running loop is a system call
        self._sql = sql
        self._batcher = batcher
        self._of = of
        self._running: set[asyncio.Task[None]] = set()
        self._waiting: list[_Member] = []
        self._impatient: asyncio.TimerHandle | None = None

    def ask(self, parameters: Parameters) -> "asyncio.Future[Rows]":
        answer: asyncio.Future[Rows] = self._loop.create_future()
        self._waiting.append((parameters, answer, copy_context()))
        if not self._running:
            self._begin()
        elif self._impatient is None:
            self._impatient = self._loop.call_later(PATIENCE_S, self._lose_patience)
        return answer

    def _begin(self) -> None:
        # An empty context, because the task reads for several requests and its log lines and traces must not carry the
        # id of the first.
        task = self._loop.create_task(self._take_turns(), name="grouped reads", context=Context())
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _lose_patience(self) -> None:
        self._impatient = None
        if self._waiting:
            self._begin()

    async def _take_turns(self) -> None:
        while self._waiting:
            # Powers of two, so that a connection keeps four prepared statements of each text instead of eight.
            size = min(GROUP_MAX, 1 << len(self._waiting).bit_length() - 1)
            if self._batcher.is_slow(self._sql):
                size = len(self._waiting)  # each of them is run alone
            members = self._waiting[:size]
            del self._waiting[:size]
            try:
                await self._answer(members)
            except BaseException:
                _leave(members)
                raise

    def _ended(self, task: asyncio.Task[None]) -> None:
        # A callback, because a task that is cancelled before its first turn never reaches its own `finally`.
        self._running.discard(task)
        if self._waiting and not task.cancelled():
            self._begin()  # a query arrived after the last look at the queue
        elif not self._running:
            self._of.pop(self._sql, None)
            _leave(self._waiting)

    async def _answer(self, members: list[_Member]) -> None:
        members = [member for member in members if not member[1].done()]
        ORIGINS.set([context for _, _, context in members])
        if len(members) > 1 and self._batcher.is_slow(self._sql):
            await asyncio.gather(*(self._answer_one(*member) for member in members))
        elif len(members) > 1:
            try:
                text = _grouped(self._sql, len(members[0][0]), len(members))
                cells = [cell for parameters, _, _ in members for cell in parameters]
                rows = await self._batcher.timed(self._sql, text, cells, len(members))
            except Exception:  # noqa: BLE001 - whichever of them it comes from is told so when asked singly
                await asyncio.gather(*(self._answer_one(*member) for member in members))
                return
            rows.sort(key=_MEMBER)  # already in this order, unless the database ran several of them at a time
            of = list(map(_MEMBER, rows))
            end = 0
            for member, (_, answer, _) in enumerate(members):
                start, end = end, bisect_right(of, member, end)
                if not answer.done():
                    answer.set_result(list(map(_CELLS, rows[start:end])))
        elif members:
            await self._answer_one(*members[0])

    async def _answer_one(self, parameters: Parameters, answer: "asyncio.Future[Rows]", context: Context) -> None:
        ORIGINS.set([context])
        try:
            rows = await self._batcher.fetch_alone(self._sql, parameters, context.get(CALLER, NOBODY))
        except Exception as failure:  # noqa: BLE001 - it belongs to who asked
            if not answer.done():
                answer.set_exception(failure)
        else:
            if not answer.done():
                answer.set_result(rows)


def _leave(members: "list[_Member]") -> None:
    """Cancel the waiting queries, because the loop is ending and this task was cancelled."""
    for _, answer, _ in members:
        answer.cancel()


@lru_cache(maxsize=512)
def _grouped(sql: str, width: int, members: int) -> str:
    """Return the query repeated, each time with its own parameters; the last column is the index of the query to which
    a row belongs.

    The rows of each keep their order, because nothing sorts the result of a subquery.
    """

    def of_one(member: int) -> str:
        text = _PLACEHOLDER.sub(lambda each: f"${int(each[1]) + width * member}", sql)
        return f"(SELECT own.*, {member} FROM ({text}) own)"

    return " UNION ALL ".join(map(of_one, range(members)))
