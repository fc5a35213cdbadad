"""Places of connections that last, in all and of each API key. Knows neither protocols nor what is sent."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import Code, Refused


class StreamLimits:
    """So many places in this process, and so many of one API key; `open` says how many are taken."""

    def __init__(self, *, what: str, places_max: int, per_key_max: int) -> None:
        self._what = what
        self._places_max = places_max
        self._per_key_max = per_key_max
        self._of_keys: Counter[str] = Counter()
        self.open = 0

    @contextmanager
    def place(self, key_id: str) -> Iterator[None]:
        """Take a place of the key, inside. Refuses `THROTTLED` if there is none."""
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
