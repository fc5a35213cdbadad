"""Fair use of a limited resource: callers get turns one after another, so that many requests of one caller do not delay
others beyond its share.

The caller of a task is the value of `CALLER` in its context.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Collection, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import NamedTuple

from service.errors import Code, Refused


def _stays() -> bool:
    return False


class WaitingCaller(NamedTuple):
    """The caller for whom a task works, and a function that returns True if the caller has disconnected."""

    name: Hashable
    has_left: Callable[[], bool] = _stays


NOBODY = WaitingCaller(None)
"""The caller of workers, commands, and work that is shared between callers."""
CALLER: ContextVar[WaitingCaller] = ContextVar("waiting_caller", default=NOBODY)


class FairLine:
    """Waiting futures in one queue for each caller. Not thread-safe."""

    def __init__(self) -> None:
        self._lines: OrderedDict[Hashable, deque[asyncio.Future[object]]] = OrderedDict()

    def __len__(self) -> int:
        return sum(not waiting.done() for line in self._lines.values() for waiting in line)

    def join(self, caller: WaitingCaller, waiting: "asyncio.Future[object]") -> None:
        """Wait behind the caller's own futures."""
        self._lines.setdefault(caller.name, deque()).append(waiting)

    def next(self, except_for: Collection[Hashable] = ()) -> "tuple[Hashable, asyncio.Future[object]] | None":
        """Remove the first pending future of the caller whose turn it is, and return the caller's name and the future;
        None if nobody waits, or only callers in `except_for`.
        """
        for name in list(self._lines):
            if name in except_for:
                continue
            line = self._lines[name]
            while line:
                waiting = line.popleft()
                if not waiting.done():
                    if line:
                        self._lines.move_to_end(name)
                    else:
                        del self._lines[name]
                    return name, waiting
            del self._lines[name]
        return None


class FairTurns:
    """`width` turns that may be taken at the same time, `each` of them by one caller. Belongs to one event loop."""

    def __init__(self, width: int, each: int) -> None:
        self._free = width
        self._each = each
        self._taken: Counter[Hashable] = Counter()
        self._line = FairLine()

    @asynccontextmanager
    async def turn(self, caller: WaitingCaller) -> AsyncIterator[None]:
        """Wait for a turn and hold it while the context is open. Refuses `UNAVAILABLE` to a caller that has
        disconnected in the meantime.
        """
        await self.take(caller)
        try:
            yield
        finally:
            self.end(caller)

    async def take(self, caller: WaitingCaller) -> None:
        """Wait for a turn, which must be ended by `end`. Safe to cancel. Refuses `UNAVAILABLE`, without a turn, to a
        caller that has disconnected in the meantime.
        """
        if self._free and self._taken[caller.name] < self._each:
            self._begin(caller.name)
        else:
            waiting: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            self._line.join(caller, waiting)
            try:
                await waiting
            except asyncio.CancelledError:
                if not waiting.cancelled():
                    # the turn was given in the same step of the event loop in which the wait was cancelled
                    self.end(caller)
                raise
        if caller.has_left():
            self.end(caller)
            raise Refused(Code.UNAVAILABLE, "The caller left before the answer.")

    def end(self, caller: WaitingCaller) -> None:
        """End a turn of the caller, and give it to the next one."""
        self._free += 1
        self._taken[caller.name] -= 1
        if not self._taken[caller.name]:
            del self._taken[caller.name]
        self._give()

    def _begin(self, name: Hashable) -> None:
        self._free -= 1
        self._taken[name] += 1

    def _give(self) -> None:
        while self._free:
            full = {name for name, taken in self._taken.items() if taken >= self._each}
            found = self._line.next(full)
            if found is None:
                return
            name, waiting = found
            self._begin(name)
            waiting.set_result(None)
