"""Limits on the number of long-lived connections, in total and for each API key."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import Code, Refused


class StreamLimits:
    """Counter of connections with a maximum for this process and for each API key; `open` is the present number."""

    def __init__(self, *, what: str, places_max: int, per_key_max: int) -> None:
        self._what = what
        self._places_max = places_max
        self._per_key_max = per_key_max
        self._of_keys: Counter[str] = Counter()
        self.open = 0

    @contextmanager
    def place(self, key_id: str) -> Iterator[None]:
        """Reserve a connection for the key while the context is open. Refuses `THROTTLED` if there is none left."""
        if self.open >= self._places_max:
            raise Refused(Code.THROTTLED, f"The process serves {self._places_max} {self._what}; try again later.")
        if self._of_keys[key_id] >= self._per_key_max:
            raise Refused(Code.THROTTLED, f"This API key has {self._per_key_max} {self._what}; end one of them first.")
        self.open += 1
        self._of_keys[key_id] += 1
        try:
            yield
        finally:
            self.open -= 1
            self._of_keys[key_id] -= 1
            if not self._of_keys[key_id]:
                del self._of_keys[key_id]
