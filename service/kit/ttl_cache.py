"""A cache whose entries are valid for a short time only, so that changes made elsewhere are seen after that time.

Knows neither the values nor their source.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class TTLCache(Generic[Value]):
    """A cache of at most `entries_max` values, each valid for `ttl_ms` after it was put; 0 keeps nothing. The oldest is
    dropped first.
    """

    def __init__(self, *, ttl_ms: int, entries_max: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self._ttl_s = ttl_ms / 1_000
        self._entries_max = entries_max
        self._now_s = now_s
        self._kept: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        found = self._kept.get(key)
        if found is None:
            return None
        until_s, value = found
        if self._now_s() >= until_s:
            del self._kept[key]
            return None
        return value

    def put(self, key: Hashable, value: Value, *, asked_at_s: float) -> None:
        """Keep the value until `ttl_ms` after `asked_at_s`, when its source was asked: an answer that took long is old
        when it arrives.
        """
        if self._ttl_s:
            self._kept[key] = (asked_at_s + self._ttl_s, value)
            self._kept.move_to_end(key)
            if len(self._kept) > self._entries_max:
                self._kept.popitem(last=False)

    def now_s(self) -> float:
        """Return the time on the clock of `asked_at_s`."""
        return self._now_s()
