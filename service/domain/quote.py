"""Quotes: a price that holds until it expires, for one order.

The database's clock decides if a quote has expired; a conditional update ensures that it is used once.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.amounts import MassUnit
from service.domain.order import OrderKind
from service.domain.pricing import COST_MINOR_MIN, PricedLine, Pricing
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A quote as it is stored; `order_id` is the order that used it, `released_at` the time when its held credits went
    back.
    """

    account_id: UUID
    id: UUID
    kind: OrderKind
    requested_mass_g: int | None
    requested_value_minor: int | None
    step: MassUnit
    currency: str
    portfolio_id: UUID | None
    estimate_id: UUID | None
    mass_g: int
    offset_cost_minor: int
    commission_minor: int
    total_cost_minor: int
    commission_hundredths: int
    holds_credits: bool
    released_at: datetime | None
    order_id: UUID | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One bundle's share of a quote."""

    account_id: UUID
    quote_id: UUID
    position: int
    bundle_id: UUID
    mass_g: int
    unit_price_micros: int
    gross_unit_price_micros: int
    offset_cost_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteHold:
    """Grams of a batch that are reserved for a quote's line until the quote is used or expires."""

    account_id: UUID
    quote_id: UUID
    position: int
    batch_id: UUID
    mass_g: int


@dataclass(frozen=True, slots=True)
class QuoteNow:
    """A quote with its lines and holds, and whether it has not expired by the database's clock."""

    quote: Quote
    lines: tuple[QuoteLine, ...]
    holds: tuple[QuoteHold, ...]
    unexpired: bool


def refuse_unless_open(found: QuoteNow | None) -> QuoteNow:
    """Return the quote if an order may be placed from it now. Refuses `NOT_FOUND`, `QUOTE_USED` or `QUOTE_EXPIRED`."""
    if found is None:
        raise Refused(Code.NOT_FOUND, "There is no such quote in this account.", ("quote_id",))
    if found.quote.order_id is not None:
        raise Refused(
            Code.QUOTE_USED, "An order was already placed from this quote. Request a new quote.", ("quote_id",)
        )
    # Older releases had no minimum cost, so a stored quote may promise credits for nothing.
    free = found.quote.total_cost_minor < COST_MINOR_MIN
    if not found.unexpired or found.quote.released_at is not None or free:
        expired_at = found.quote.expires_at
        raise Refused(
            Code.QUOTE_EXPIRED, "The quote has expired. Request a new quote.", ("quote_id",), expired_at=expired_at
        )
    return found


def promised_pricing(found: QuoteNow) -> Pricing:
    """Return exactly the price that the quote promised, as an order from it will have."""
    quote = found.quote
    return Pricing(
        currency=quote.currency,
        lines=tuple(
            PricedLine(
                bundle_id=line.bundle_id,
                mass_g=line.mass_g,
                unit_price_micros=line.unit_price_micros,
                gross_unit_price_micros=line.gross_unit_price_micros,
                offset_cost_minor=line.offset_cost_minor,
            )
            for line in found.lines
        ),
        mass_g=quote.mass_g,
        offset_cost_minor=quote.offset_cost_minor,
        commission_minor=quote.commission_minor,
        total_cost_minor=quote.total_cost_minor,
    )
