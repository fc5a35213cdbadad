"""Price an order without storing anything: its present cost, and the mass that is not in stock.

Takes no locks and guarantees nothing: prices and stock may change before the order is placed.
"""

from dataclasses import dataclass

from service.domain.accounts import Caller
from service.domain.allocation import plan_allocation
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.domain.made_up_credits import within_bound
from service.domain.offers import price_request
from service.domain.order import OrderRequest
from service.domain.pricing import Pricing
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.storage import accounts, backorders, batches, catalogue


@dataclass(frozen=True, slots=True)
class Preview:
    """An order as it would be if it were placed now; `short_g` is the mass that each of its lines would wait for."""

    pricing: Pricing
    short_g: tuple[int, ...]


async def price_order(resources: Resources, caller: Caller, order_request: OrderRequest) -> Preview:
    """Return the price and shortage of an order if it were placed now. Refuses as placing it would. Stores nothing."""
    pricing = await price_now(resources, caller, order_request)
    return Preview(pricing, await shortage(resources, caller, pricing))


async def price_now(resources: Resources, caller: Caller, order_request: OrderRequest) -> Pricing:
    """Return the price of an order if it were placed now. Refuses as placing it would. Stores nothing."""
    caller.require(Scope.CATALOGUE_READ)
    reader = resources.database.reader
    # Read anew: the caller's account comes from a cache and may have a former portfolio or commission.
    account = await accounts.existing(reader, caller.account.id)
    return price_request(order_request, account, await catalogue.read_offers(reader, [(account, order_request)]))


async def shortage(resources: Resources, caller: Caller, pricing: Pricing) -> tuple[int, ...]:
    """Return the mass, in grams, that each line of an order at this price would wait for if it were placed now."""
    caller.require(Scope.CATALOGUE_READ)
    reader, mode, now = resources.database.reader, caller.account.mode, resources.clock()
    lines = [(line.bundle_id, line.mass_g) for line in pricing.lines]
    bundle_ids = {bundle_id for bundle_id, _ in lines}
    if mode is Mode.TEST:
        # Missing test credits are created when the order is placed: only bundles without projects, and the part of
        # an order above `TEST_ORDER_G_MAX`, get none.
        supplied = {each.bundle_id for each in await catalogue.projects_in(reader, bundle_ids)}
        served = within_bound(mode, lines)
        return tuple(
            mass_g - (served_g if bundle_id in supplied else 0)
            for (bundle_id, mass_g), (_, served_g) in zip(lines, served, strict=True)
        )
    stock = await batches.read_stock(reader, mode, bundle_ids, today=utc_date(now))
    awaited = await backorders.awaited_projects(reader, mode, bundle_ids, now=now)
    return plan_allocation(lines, stock, {}, awaited).short_g
