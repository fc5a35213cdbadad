"""A limit on the time of the task that sets it: `asyncio.timeout` at a third of its price, and without its awaits.

Knows nothing of what is limited.
"""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """A block whose task is cancelled when the time that was last `set` is over: TimeoutError leaves it then. Whoever
    else cancels the task is obeyed, even in the same turn.
    """

    __slots__ = ("_cancelled_before", "_loop", "_task", "_timer", "is_over")

    def __init__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for a task")
        self._task = task
        self._cancelled_before = task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.is_over = False

    def set(self, after_s: float | None) -> None:
        """The time is over so many seconds from now; None for never."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if after_s is None else self._loop.call_later(after_s, self._end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.set(None)
        # Each cancel() is taken back by whoever made it; one that is left over came from outside.
        if self.is_over and self._task.uncancel() <= self._cancelled_before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _end(self) -> None:
        self.is_over = True
        self._task.cancel()
