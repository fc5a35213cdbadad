"""Pace of answers to callers without a key: so many in a second of one address, and later ones wait for their turn.

Knows addresses as texts, and neither HTTP nor budgets. A refusal that is answered at once invites the next request: one
connection that sends as fast as it is refused would take a whole processor.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

REFUSALS_A_SECOND = 20
FREE_A_SECOND = 100
PAUSE_MAX_S = 2.0
"""Longest pause, so that connections that wait do not pile up and the end of the process is not held up."""
ADDRESSES_MAX = 10_000
"""Addresses that are remembered before those are forgotten that were answered longest ago."""


class Turn(NamedTuple):
    """Pause before an answer, and its line of the log: one in a second of each address is written, and tells how many
    others were not since the one before.
    """

    pause_s: float
    is_logged: bool
    unlogged: int


@dataclass(slots=True)
class _Answered:
    """Answers to one address. `next_s` is the time from which the next one is due if they are spread evenly."""

    next_s: float
    logged_s: int = -1
    unlogged: int = 0


class Pace:
    """Answers of one process by address. A second's worth of them may come at once."""

    def __init__(self, per_second: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = 1 / per_second
        self._now_s = now_s
        self._answered: OrderedDict[str, _Answered] = OrderedDict()

    def turn(self, address: str) -> Turn:
        """Take the address's next turn."""
        now_s = self._now_s()
        answered = self._answered.get(address)
        if answered is None:
            answered = self._answered[address] = _Answered(now_s - 1)
            if len(self._answered) > ADDRESSES_MAX:
                self._answered.popitem(last=False)
        else:
            self._answered.move_to_end(address)
        due_s = max(answered.next_s, now_s - 1) + self._interval_s
        answered.next_s = min(due_s, now_s + PAUSE_MAX_S)
        pause_s = max(0.0, answered.next_s - now_s)
        if answered.logged_s == int(now_s):
            answered.unlogged += 1
            return Turn(pause_s, is_logged=False, unlogged=0)
        answered.logged_s, unlogged, answered.unlogged = int(now_s), answered.unlogged, 0
        return Turn(pause_s, is_logged=True, unlogged=unlogged)
