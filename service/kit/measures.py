"""Distributions of numbers by labels, as cheap to write as a dictionary.

Knows no metric and no format. They are written and read by one event loop. Plain counts are a `collections.Counter`.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import add

Labels = tuple[str, ...]


class Distribution:
    """Numbers, counted by the least of `bounds` that they do not exceed, and their sum."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Count of the numbers by bound; the last is of those above all bounds."""
        self.total = 0.0

    def add(self, number: float) -> None:
        """Count a number."""
        self.counts[bisect_left(self._bounds, number)] += 1
        self.total += number

    def merge(self, other: "Distribution") -> None:
        """Count the numbers of another distribution with the same bounds too."""
        self.counts = list(map(add, self.counts, other.counts))
        self.total += other.total

    def cumulative(self) -> Iterator[tuple[str, float]]:
        """Return each bound with how many numbers do not exceed it; the last bound is `+Inf`."""
        return zip([*map(str, self._bounds), "+Inf"], accumulate(self.counts), strict=True)


class Distributions(dict[Labels, Distribution]):
    """Distributions by labels, each made when its labels are first used."""

    def __init__(self, bounds: Sequence[float]) -> None:
        super().__init__()
        self._bounds = bounds

    def __missing__(self, labels: Labels) -> Distribution:
        made = self[labels] = Distribution(self._bounds)
        return made
