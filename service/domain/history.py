"""Imported history: an order list in the format that a Carbonext client keeps, parsed into orders of the past.

Their ids, dates, masses, prices and states are kept exactly. They were delivered elsewhere, so they have no credits
here. Their debts and payments are real, so those that stand have the journals of a sale.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Any
from uuid import UUID

from service.domain import ledger
from service.domain.accounts import Account
from service.domain.amounts import (
    GRAMS_PER_TONNE,
    MASS_G_MAX,
    MICROS_PER_UNIT,
    MINOR_MAX,
    MassUnit,
    minor_exponent,
    parse_decimal,
    price_micros_of,
    round_half_up,
)
from service.domain.ledger import Journal
from service.domain.order import Order, OrderKind, OrderLine, OrderStatus, PaymentStatus, Source
from service.domain.rows import Fault, Row
from service.errors import Code, Refused
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
"""States of past orders. An open one has no credits of ours, so it is PLACED, and it waits in no queue."""

COLUMNS = ("id", "vcuAmount", "vcuUnitPrice", "targetCurrency", "status", "createdAt")

_ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_LOCAL = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Past:
    """An order of the past, before it is added to an account."""

    id: UUID
    mass_g: int
    unit_price_micros: int
    currency: str
    status: OrderStatus
    payment_status: PaymentStatus
    total_minor: int
    created_at: datetime

    def fingerprint(self) -> str:
        """Return a digest, equal for the same row in another file, whatever the spelling of its numbers and date.

        The names are literals that no renaming may change: a list that is imported again finds its orders by them.
        """
        return fingerprint(
            {
                "id": self.id,
                "mass_g": self.mass_g,
                "unit_price_micros": self.unit_price_micros,
                "currency": self.currency,
                "status": self.status,
                "payment_status": self.payment_status,
                "total_minor": self.total_minor,
                "created_at": self.created_at,
            }
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """An order of the past with its one line, and the journals of its debt and payment."""

    order: Order
    line: OrderLine
    journals: tuple[Journal, ...]


def read_history(items: Sequence[Any], now: datetime) -> tuple[list[Past], list[Fault]]:
    """Parse the orders of the list, and collect all its errors; rows that cannot be read are left out."""
    faults: list[Fault] = []
    found: list[Past] = []
    seen: dict[UUID, str] = {}
    for number, item in enumerate(items, start=1):
        row = Row(f"item {number}", item if isinstance(item, dict) else {}, faults)
        if not isinstance(item, dict):
            row.fail("", "is not an object")
            continue
        past = _read(row, now)
        if past is None:
            continue
        if past.id in seen:
            row.fail("id", f"is the id of {seen[past.id]} as well")
        seen.setdefault(past.id, row.name)
        found.append(past)
    return found, faults


def _read(row: Row, now: datetime) -> Past | None:
    id_ = row.read("id", _id)
    mass_g = row.read("vcuAmount", _mass_g)
    price_micros = row.read("vcuUnitPrice", price_micros_of)
    currency = row.read("targetCurrency", _currency)
    state = row.read("status", _state)
    created_at = row.read("createdAt", lambda text: _instant(text, now))
    if id_ is None or mass_g is None or price_micros is None or currency is None or not state or created_at is None:
        return None
    micros = Fraction(mass_g * price_micros, GRAMS_PER_TONNE * MICROS_PER_UNIT)
    total_minor = round_half_up(micros * 10 ** minor_exponent(currency))
    if total_minor > MINOR_MAX:
        row.fail("vcuUnitPrice", "makes a total that is above what one order can hold")
        return None
    return Past(id_, mass_g, price_micros, currency, *state, total_minor, created_at)


def numbers_of(past: Sequence[Past], taken: Collection[str]) -> list[str]:
    """Return a number for each order, made of its date and its id, so that importing again makes the same ones; the
    next free one if two collide. Dates before 2010, where numbers begin, all count as the first instant of 2010.
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
    """Return the order for the account. Its one line, of the bundle that stands for all of history, keeps the unit
    price. The commission is not known, so it is zero.
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


def _id(text: str) -> UUID:
    if not _ID.fullmatch(text):
        raise Refused(Code.BAD_USER_INPUT, "is not a UUID")
    return UUID(text)


def _mass_g(text: str) -> int:
    grams = parse_decimal(text) * GRAMS_PER_TONNE
    if grams.denominator != 1 or grams > MASS_G_MAX:
        raise Refused(Code.BAD_USER_INPUT, "is not a mass in tonnes with at most 6 decimals")
    return grams.numerator


def _currency(text: str) -> str:
    minor_exponent(text)
    return text


def _state(text: str) -> tuple[OrderStatus, PaymentStatus]:
    if text not in STATES:
        raise Refused(Code.BAD_USER_INPUT, f"is none of {', '.join(STATES)}")
    return STATES[text]


def _instant(text: str, now: datetime) -> datetime:
    try:
        if _LOCAL.fullmatch(text):
            instant = datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
        else:
            instant = datetime.fromisoformat(text)
            instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(Code.BAD_USER_INPUT, "is no date as dd/MM/yyyy HH:mm:ss or in ISO 8601") from None
    if instant > now:
        raise Refused(Code.BAD_USER_INPUT, "is in the future")
    return instant
