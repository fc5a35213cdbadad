"""A time limit of the task that sets it: like `asyncio.timeout`, at a third of its cost, and without its awaits.

Knows nothing of the work that is limited.
"""

import asyncio
from types import TracebackType
from typing import Self

_TICK_S = 0.001
"""Time by which an event loop's clock may be early when its timer fires."""


class Deadline:
    """A block whose task is cancelled when the time that was last `set` is over; it then raises TimeoutError.
    Cancellations by others have their usual effect, even in the same turn.
    """

    __slots__ = ("_cancelled_before", "_queue", "_task", "is_over")

    def __init__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for a task")
        self._task = task
        self._cancelled_before = task.cancelling()
        self._queue: _Queue | None = None
        self.is_over = False

    def set(self, after_s: float | None) -> None:
        """Let the time be over in so many seconds from now; None means never."""
        if self._queue is not None:
            self._queue.leave(self)
        self._queue = None if after_s is None else _queue_of(self._task.get_loop(), after_s).joined(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.set(None)
        # Each caller of cancel() takes it back with uncancel(); one that is left over came from outside.
        if self.is_over and self._task.uncancel() <= self._cancelled_before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def end(self) -> None:
        """Cancel the task, because the time is over."""
        self.is_over = True
        self._task.cancel()


class _Queue:
    """Deadlines of one length in one event loop. They end in the order in which they were set, so one timer serves all,
    and it is set again only when it fires: a timer for each would cost more than all the rest of a deadline.
    """

    __slots__ = ("_after_s", "_ends_s", "_is_timed", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, after_s: float) -> None:
        self._loop = loop
        self._after_s = after_s
        self._ends_s: dict[Deadline, float] = {}
        self._is_timed = False

    def joined(self, deadline: Deadline) -> Self:
        self._ends_s[deadline] = self._loop.time() + self._after_s
        if not self._is_timed:
            self._is_timed = True
            self._loop.call_later(self._after_s, self._end_some)
        return self

    def leave(self, deadline: Deadline) -> None:
        self._ends_s.pop(deadline, None)

    def _end_some(self) -> None:
        now_s = self._loop.time()
        while self._ends_s:
            deadline, end_s = next(iter(self._ends_s.items()))
            if end_s > now_s + _TICK_S:
                self._loop.call_later(end_s - now_s, self._end_some)
                return
            del self._ends_s[deadline]
            deadline.end()
        self._is_timed = False


_last: tuple[asyncio.AbstractEventLoop | None, dict[float, _Queue]] = (None, {})
"""The last loop used here, and its queues by length: a service has a few lengths, which are its settings. They are one
value, so that two threads cannot mix theirs up; queues that are replaced go on, because their timers hold them.
"""


def _queue_of(loop: asyncio.AbstractEventLoop, after_s: float) -> _Queue:
    global _last  # noqa: PLW0603
    known, queues = _last
    if known is not loop:
        queues = {}
        _last = (loop, queues)
    return queues.get(after_s) or queues.setdefault(after_s, _Queue(loop, after_s))
