"""Allocation of batches to an order: oldest vintage first, then batch id, until the grams are used up.

Does not know prices, and changes nothing: the caller lowers the batches by conditional updates, because other
transactions may take from them after they were read.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BatchStock:
    """A batch in the stock of a bundle, with the grams that were available when it was read."""

    batch_id: UUID
    project_id: UUID
    vintage: int
    available_g: int


@dataclass(frozen=True, slots=True)
class Stock:
    """Batches of each bundle, and the projects whose credits are reserved for backorders."""

    batches: Mapping[UUID, Sequence[BatchStock]]
    awaited: Collection[UUID]


@dataclass(frozen=True, slots=True)
class Take:
    """Grams of one batch for the order line with this index."""

    line: int
    batch_id: UUID
    mass_g: int


@dataclass(frozen=True, slots=True)
class AllocationPlan:
    """Grams to take, and for each line the grams that no batch has. Together they sum to the line's mass."""

    takes: tuple[Take, ...]
    short_g: tuple[int, ...]

    @property
    def is_full(self) -> bool:
        return not any(self.short_g)


def plan_allocation(
    lines: Sequence[tuple[UUID, int]],
    stock: Mapping[UUID, Sequence[BatchStock]],
    available_g: Mapping[UUID, int],
    awaited: Collection[UUID] = (),
) -> AllocationPlan:
    """Plan one order, whose lines are bundles with grams, in the order in which they are served.

    `stock` holds each bundle's batches in any order; `available_g` overrides the grams of the batches that it contains.
    Lines may share a batch; no gram is taken twice. Nothing is taken from a project in `awaited`, because earlier order
    lines wait for its credits.
    """
    taken_g: dict[UUID, int] = {}
    takes: list[Take] = []
    short_g: list[int] = []
    for index, (bundle_id, wanted_g) in enumerate(lines):
        missing_g = wanted_g
        free = [batch for batch in stock.get(bundle_id, ()) if batch.project_id not in awaited]
        for batch_id, stocked_g in _oldest_first(free, available_g):
            if missing_g <= 0:
                break
            take_g = min(stocked_g - taken_g.get(batch_id, 0), missing_g)
            if take_g > 0:
                takes.append(Take(index, batch_id, take_g))
                taken_g[batch_id] = taken_g.get(batch_id, 0) + take_g
                missing_g -= take_g
        short_g.append(missing_g)
    return AllocationPlan(tuple(takes), tuple(short_g))


def _oldest_first(bundle_stock: Sequence[BatchStock], available_g: Mapping[UUID, int]) -> Iterator[tuple[UUID, int]]:
    """Return the bundle's batches that still have grams, with those grams. Exhausted batches pile up over the years, so
    they are dropped before the rest is sorted.
    """
    stocked = [
        (stock.vintage, stock.batch_id.int, stock.batch_id, left_g)
        for stock in bundle_stock
        if (left_g := available_g.get(stock.batch_id, stock.available_g)) > 0
    ]
    stocked.sort()
    return ((batch_id, left_g) for _, _, batch_id, left_g in stocked)


def covers(
    stock: Stock, wanted_g: Mapping[UUID, int], projects: Mapping[UUID, Collection[UUID]], bundle_id: UUID
) -> bool:
    """Return True if the bundle's batches have all grams that are wanted from this bundle and from the bundles that
    share batches with it. `projects` holds the projects of each bundle in `wanted_g`.
    """
    free = [batch for batch in stock.batches[bundle_id] if batch.project_id not in stock.awaited]
    shared = {batch.project_id for batch in free}
    rivals = {bundle_id, *(each for each in wanted_g if not shared.isdisjoint(projects[each]))}
    return sum(batch.available_g for batch in free) >= sum(wanted_g[each] for each in rivals)
