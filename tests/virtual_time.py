"""An event loop whose clock jumps to its next timer instead of waiting for it.

Seconds of sleep take no time, and everything happens at the moment at which it was due, on any machine. For tests
marked `virtual_time`, which wait for timers and other tasks alone: what a thread, a socket or a process does takes
no virtual time at all, so a timer would overtake it.
"""

import asyncio
import selectors
from collections.abc import Sequence
from typing import Any


class _Selector(selectors.DefaultSelector):
    """Looks for what is ready without waiting, and tells the loop how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0

    def select(self, timeout: float | None = None) -> Sequence[Any]:
        if timeout is None:
            return super().select(None)  # no timer is set: only a thread can wake the loop
        ready = super().select(0)
        if not ready:
            self.skipped_s += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """The time is zero when it is made, and passes while nothing is left to do."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.skipped_s
