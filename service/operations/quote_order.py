"""Quote an order: its price is stored and holds until it expires; no credits are held and nothing is owed."""

from dataclasses import dataclass

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.offers import portfolio_of, price_wish
from service.domain.order import Wish, requested_of
from service.domain.pricing import Pricing
from service.domain.quote import Quote, QuoteLine
from service.operations.resources import Resources
from service.storage import catalogue, quotes
from service.storage.database import Statements


@dataclass(frozen=True, slots=True)
class Quoted:
    """A stored quote and its lines."""

    quote: Quote
    lines: tuple[QuoteLine, ...]


async def quote_order(resources: Resources, caller: Caller, wish: Wish, *, valid_ms: int) -> Quoted:
    """The wish has a price that an order may be placed at, once, within `valid_ms` by the database's clock."""
    caller.require(Scope.ORDERS_WRITE)
    quote_id = resources.new_id()

    async def work(statements: Statements) -> Quoted:
        offers = await catalogue.read_offers(statements, [(caller.account, wish)])
        pricing = price_wish(wish, caller.account, offers)
        created_at, expires_at = await quotes.validity(statements, valid_ms)
        quote = Quote(
            account_id=caller.account.id,
            id=quote_id,
            **requested_of(wish),
            step=wish.step,
            currency=pricing.currency,
            portfolio_id=portfolio_of(wish, caller.account),
            mass_g=pricing.mass_g,
            offset_cost_minor=pricing.offset_cost_minor,
            commission_minor=pricing.commission_minor,
            total_cost_minor=pricing.total_cost_minor,
            commission_hundredths=caller.account.commission_hundredths,
            order_id=None,
            created_at=created_at,
            expires_at=expires_at,
        )
        lines = _lines_of(quote, pricing)
        await quotes.add(statements, quote, lines)
        return Quoted(quote, lines)

    return await resources.transact(work)


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
