"""Credits of test mode, which are created when an order or hold needs them, so that test accounts do not compete for
stock.

An order above `TEST_ORDER_G_MAX` gets that much, and its rest waits. So a customer can test its program with an order
that waits, or is refused because credits are lacking.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from service.domain.allocation import AllocationPlan, BatchStock, Stock, plan_allocation
from service.domain.amounts import GRAMS_PER_TONNE
from service.domain.catalogue import CreditBatch, Mode

TEST_ORDER_G_MAX = 1_000_000 * GRAMS_PER_TONNE
"""Maximum mass, in grams, that a test order or hold gets at once."""


def within_bound(mode: Mode, lines: Sequence[tuple[UUID, int]]) -> list[tuple[UUID, int]]:
    """Return the lines, bundles with grams, limited to what may get credits at once: everything of a live order, the
    first `TEST_ORDER_G_MAX` of a test order.
    """
    if mode is Mode.LIVE:
        return list(lines)
    served, left_g = [], TEST_ORDER_G_MAX
    for bundle_id, mass_g in lines:
        served.append((bundle_id, min(mass_g, left_g)))
        left_g -= served[-1][1]
    return served


def is_above_bound(mode: Mode, mass_g: int) -> bool:
    """Return True for a test order of which a part gets no credits at once. Nobody waits behind it."""
    return mode is Mode.TEST and mass_g > TEST_ORDER_G_MAX


def plan_in_mode(
    mode: Mode, lines: Sequence[tuple[UUID, int]], stock: Stock, available_g: Mapping[UUID, int]
) -> AllocationPlan:
    """Plan an order as `plan_allocation` does. In test mode the grams above `TEST_ORDER_G_MAX` are part of the
    shortage.
    """
    served = within_bound(mode, lines)
    plan = plan_allocation(served, stock.batches, available_g, stock.awaited)
    above = [mass_g - served_g for (_, mass_g), (_, served_g) in zip(lines, served, strict=True)]
    short_g = tuple(short_g + more_g for short_g, more_g in zip(plan.short_g, above, strict=True))
    return AllocationPlan(plan.takes, short_g)


def lacking(stock: Stock, wanted_g: Mapping[UUID, int]) -> dict[UUID, int]:
    """Return the grams to create for each bundle whose stock may be too small. Bundles may share batches, so each is
    compared with the demand of all of them.
    """
    total_g = sum(wanted_g.values())
    return {
        bundle_id: max(mass_g, TEST_ORDER_G_MAX)
        for bundle_id, mass_g in sorted(wanted_g.items())
        if sum(batch.available_g for batch in stock.batches[bundle_id]) < total_g
    }


def stocked_with(stock: Stock, made: Mapping[UUID, CreditBatch]) -> Stock:
    """Return the stock with one new batch for each of these bundles."""
    batches: dict[UUID, Sequence[BatchStock]] = dict(stock.batches)
    for bundle_id, batch in made.items():
        new = BatchStock(batch.id, batch.project_id, batch.vintage, batch.available_g)
        batches[bundle_id] = [*batches[bundle_id], new]
    return Stock(batches, stock.awaited)


def made_up_batch(project_id: UUID, mass_g: int, batch_id: UUID, now: datetime, *, owner: str) -> CreditBatch:
    """Return a batch of test credits of last year. Its serials begin with `owner`, an order number or a word; the end
    of the batch's id makes them unique.
    """
    return CreditBatch(
        id=batch_id,
        project_id=project_id,
        mode=Mode.TEST,
        vintage=now.year - 1,
        serial_prefix=f"SIMULATED-{owner}-{batch_id.hex[-12:].upper()}-",
        serial_start=1,
        issued_g=mass_g,
        available_g=mass_g,
        held_g=0,
        allocated_g=0,
        retired_g=0,
        created_at=now,
    )
