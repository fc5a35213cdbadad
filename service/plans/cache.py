"""A cache of the most recently used entries, limited in number and bytes.

Knows nothing of its values. It belongs to one event loop and takes no locks.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """A mapping that drops the entry used longest ago. A value larger than the whole limit is not stored."""

    def __init__(self, *, entries_max: int, bytes_max: int) -> None:
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def get(self, key: Hashable) -> Value | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: Value, size_bytes: int) -> None:
        """Store the value if it fits, in the place of an earlier one, and drop others to make room."""
        self.forget(key)
        if size_bytes > self._bytes_max or self._entries_max < 1:
            return
        self._entries[key] = (value, size_bytes)
        self._bytes += size_bytes
        while len(self._entries) > self._entries_max or self._bytes > self._bytes_max:
            _, (_, freed) = self._entries.popitem(last=False)
            self._bytes -= freed

    def forget(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry[1]
