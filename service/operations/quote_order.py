"""Quote an order: its price is stored and holds until it expires. Nothing is owed; credits are held only if asked for.

Locks, when credits are held: the account's head, then batches by id. Promise: P7.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.allocation import AllocationPlan, plan_allocation
from service.domain.api_keys import Scope
from service.domain.offers import portfolio_of, price_request
from service.domain.order import OrderRequest, requested_of
from service.domain.pricing import Pricing
from service.domain.quote import Quote, QuoteHold, QuoteLine
from service.errors import Code, Refused
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.storage import accounts, backorders, batches, catalogue, quotes
from service.storage.database import Statements


@dataclass(frozen=True, slots=True)
class Quoted:
    """A stored quote and its lines."""

    quote: Quote
    lines: tuple[QuoteLine, ...]


async def quote_order(
    resources: Resources, caller: Caller, order_request: OrderRequest, *, valid_ms: int, hold: bool = False
) -> Quoted:
    """The order request has a price that an order may be placed at, once, within `valid_ms` by the database's clock.

    With `hold` the credits are set aside as well, until then; refuses `INSUFFICIENT_CREDITS` when stock is short.
    """
    caller.require(Scope.ORDERS_WRITE)
    quote_id = resources.new_id()

    async def work(statements: Statements) -> Quoted:
        if hold:
            await accounts.lock_heads(statements, [caller.account.id])
        offers = await catalogue.read_offers(statements, [(caller.account, order_request)])
        pricing = price_request(order_request, caller.account, offers)
        plan = await _plan_hold(statements, caller, pricing, utc_date(resources.clock())) if hold else None
        created_at, expires_at = await quotes.validity(statements, valid_ms)
        quote = Quote(
            account_id=caller.account.id,
            id=quote_id,
            **requested_of(order_request),
            step=order_request.step,
            currency=pricing.currency,
            portfolio_id=portfolio_of(order_request, caller.account),
            mass_g=pricing.mass_g,
            offset_cost_minor=pricing.offset_cost_minor,
            commission_minor=pricing.commission_minor,
            total_cost_minor=pricing.total_cost_minor,
            commission_hundredths=caller.account.commission_hundredths,
            holds_credits=hold,
            released_at=None,
            order_id=None,
            created_at=created_at,
            expires_at=expires_at,
        )
        lines, holds = _lines_of(quote, pricing), _holds_of(quote, plan)
        if await quotes.add(statements, quote, lines, holds):
            await batches.hold(statements, _grams_of(holds))
        return Quoted(quote, lines)

    return await resources.transact(work)


async def _plan_hold(statements: Statements, caller: Caller, pricing: Pricing, today: date) -> AllocationPlan:
    wanted = [(line.bundle_id, line.mass_g) for line in pricing.lines]
    bundle_ids = {bundle_id for bundle_id, _ in wanted}
    mode = caller.account.mode
    stock = await batches.lock_stock(statements, mode, bundle_ids, today=today)
    queued = await backorders.queued_bundles(statements, mode, bundle_ids)
    plan = plan_allocation(wanted, stock, {}, queued)
    if not plan.is_full:
        raise Refused(
            Code.INSUFFICIENT_CREDITS,
            "Not enough credits are in stock to hold; quote less, or without a hold.",
            ("hold",),
            available_g=pricing.mass_g - sum(plan.short_g),
        )
    return plan


def _lines_of(quote: Quote, pricing: Pricing) -> tuple[QuoteLine, ...]:
    return tuple(
        QuoteLine(
            account_id=quote.account_id,
            quote_id=quote.id,
            position=position,
            bundle_id=line.bundle_id,
            mass_g=line.mass_g,
            unit_price_micros=line.unit_price_micros,
            gross_unit_price_micros=line.gross_unit_price_micros,
            offset_cost_minor=line.offset_cost_minor,
        )
        for position, line in enumerate(pricing.lines)
    )


def _holds_of(quote: Quote, plan: AllocationPlan | None) -> tuple[QuoteHold, ...]:
    return tuple(
        QuoteHold(
            account_id=quote.account_id,
            quote_id=quote.id,
            position=take.line,
            batch_id=take.batch_id,
            mass_g=take.mass_g,
        )
        for take in (plan.takes if plan else ())
    )


def _grams_of(holds: tuple[QuoteHold, ...]) -> dict[UUID, int]:
    grams: dict[UUID, int] = {}
    for hold in holds:
        grams[hold.batch_id] = grams.get(hold.batch_id, 0) + hold.mass_g
    return grams
