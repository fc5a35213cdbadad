"""Imported history: an order list in the format that a Carbonext client keeps, parsed into orders of the past.

Their ids, dates, masses, prices and states are kept exactly. They were delivered elsewhere, so they have no credits
here. Their debts and payments are real, so each order whose sale stands gets the journals of a sale.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from service.domain import ledger
from service.domain.accounts import Account
from service.domain.amounts import GRAMS_PER_TONNE, MICROS_PER_UNIT, MassUnit, round_half_up
from service.domain.currencies import former_decimals_of
from service.domain.ledger import Journal
from service.domain.order import Order, OrderKind, OrderLine, OrderStatus, PaymentStatus, Source
from service.kit.canonical_json import fingerprint
from service.kit.ids import NUMBER_EPOCH, short_number

STATES = MappingProxyType(
    {
        "Issued": (OrderStatus.PLACED, PaymentStatus.ISSUED),
        "Billed": (OrderStatus.PLACED, PaymentStatus.BILLED),
        "Paid": (OrderStatus.PLACED, PaymentStatus.PAID),
        "Cancelled": (OrderStatus.CANCELLED, PaymentStatus.ISSUED),
        "Refunded": (OrderStatus.CANCELLED, PaymentStatus.REFUNDED),
    }
)
"""States of imported orders. An open order has no credits in this service, so it is PLACED, without a place in a
queue.
"""


@dataclass(frozen=True, slots=True)
class Past:
    """An order of the past, as it is in the file, before it is assigned to an account."""

    id: UUID
    mass_g: int
    unit_price_micros: int
    currency: str
    status: OrderStatus
    payment_status: PaymentStatus
    total_minor: int
    created_at: datetime

    def fingerprint(self) -> str:
        """Return the digest that identifies the row in every file, whatever the spelling of its numbers and date."""
        return self._digest(self.total_minor)

    def is_fingerprinted_as(self, stored: str) -> bool:
        """Return True if the stored digest is the row's. Digests of totals that were rounded to the former decimals of
        their currency match too.
        """
        former_total = total_minor_of(self.mass_g, self.unit_price_micros, former_decimals_of(self.currency))
        return stored in {self.fingerprint(), self._digest(former_total)}

    def _digest(self, total_minor: int) -> str:
        # The names are literals that no renaming may change: a list that is imported again finds its orders by them.
        return fingerprint(
            {
                "id": self.id,
                "mass_g": self.mass_g,
                "unit_price_micros": self.unit_price_micros,
                "currency": self.currency,
                "status": self.status,
                "payment_status": self.payment_status,
                "total_minor": total_minor,
                "created_at": self.created_at,
            }
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """An order of the past with its one line, and the journals of its debt and payment."""

    order: Order
    line: OrderLine
    journals: tuple[Journal, ...]


def total_minor_of(mass_g: int, unit_price_micros: int, decimals: int) -> int:
    """Return mass times unit price in minor units of a currency with `decimals` decimals, rounded half up."""
    units = Fraction(mass_g * unit_price_micros, GRAMS_PER_TONNE * MICROS_PER_UNIT)
    return round_half_up(units * 10**decimals)


def numbers_of(past: Sequence[Past], taken: Collection[str]) -> list[str]:
    """Return a number for each order, made of its date and its id, so that a second import makes the same numbers. If
    two collide, the second gets the next free number. Dates before 2010 count as the start of 2010, the earliest time
    that a number can encode.
    """
    used = set(taken)
    numbers = []
    for each in past:
        bits = each.id.int
        while (number := short_number(max(each.created_at, NUMBER_EPOCH), bits & 0xFFFFFF)) in used:
            bits += 1
        used.add(number)
        numbers.append(number)
    return numbers


def imported(past: Past, account: Account, bundle_id: UUID, number: str) -> Imported:
    """Return the order as one of the account. Its one line keeps the unit price and has the bundle that represents
    imported history. The commission is not known, so it is zero.
    """
    paid = past.payment_status is PaymentStatus.PAID
    order = Order(
        account_id=account.id,
        id=past.id,
        number=number,
        source=Source.IMPORT,
        kind=OrderKind.MASS,
        requested_mass_g=past.mass_g,
        requested_value_minor=None,
        step=MassUnit.GRAM,
        currency=past.currency,
        status=past.status,
        payment_status=past.payment_status,
        mass_g=past.mass_g,
        fulfilled_g=0,
        retired_g=0,
        offset_cost_minor=past.total_minor,
        commission_minor=0,
        total_cost_minor=past.total_minor,
        paid_minor=past.total_minor if paid else 0,
        commission_hundredths=0,
        customer=None,
        description=None,
        metadata={},
        callback_url=None,
        beneficiary=None,
        portfolio_id=None,
        estimate_id=None,
        quote_id=None,
        idempotency_key=None,
        fingerprint=past.fingerprint(),
        created_at=past.created_at,
    )
    line = OrderLine(
        account_id=account.id,
        order_id=past.id,
        position=0,
        bundle_id=bundle_id,
        mass_g=past.mass_g,
        fulfilled_g=0,
        unit_price_micros=past.unit_price_micros,
        gross_unit_price_micros=past.unit_price_micros,
        offset_cost_minor=past.total_minor,
    )
    return Imported(order, line, _journals(order))


def _journals(order: Order) -> tuple[Journal, ...]:
    if order.status is OrderStatus.CANCELLED or order.total_cost_minor == 0:
        return ()
    owed = ledger.order_placed(order.currency, order.offset_cost_minor, order.commission_minor)
    if order.paid_minor == 0:
        return (owed,)
    return owed, ledger.payment_recorded(order.currency, order.paid_minor, order.total_cost_minor)
