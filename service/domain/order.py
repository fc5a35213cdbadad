"""Orders: the requests of callers, the stored order, and its moves between states.

Knows no prices (pricing.py) and no batches (allocation.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from service.domain.amounts import MassUnit, Money
from service.domain.catalogue import Mode, Selection
from service.domain.currencies import fingerprinted_amount
from service.errors import Code, Refused
from service.kit.canonical_json import fingerprint


class OrderStatus(StrEnum):
    """State of an order between its acceptance and its retirement."""

    PLACED = "PLACED"
    FULFILLED = "FULFILLED"
    RETIRING = "RETIRING"
    COMPLETE = "COMPLETE"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class PaymentStatus(StrEnum):
    """State of an order's payment."""

    ISSUED = "ISSUED"
    BILLED = "BILLED"
    PAID = "PAID"
    REFUNDED = "REFUNDED"


class OrderKind(StrEnum):
    """Kind of request that determined the size of an order."""

    MASS = "mass"
    VALUE = "value"
    ESTIMATE = "estimate"


class Source(StrEnum):
    """The API through which an order came."""

    GRAPHQL = "graphql"
    LUNE = "lune"
    CARBON_ENGINE = "carbon-engine"
    CARBONEXT = "carbonext"
    IMPORT = "import"


MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PLACED: frozenset({OrderStatus.FULFILLED, OrderStatus.CANCELLED, OrderStatus.FAILED}),
    OrderStatus.FULFILLED: frozenset({OrderStatus.RETIRING, OrderStatus.CANCELLED, OrderStatus.FAILED}),
    OrderStatus.RETIRING: frozenset({OrderStatus.COMPLETE}),
    OrderStatus.COMPLETE: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.FAILED: frozenset(),
}
"""Permitted transitions of an order's state. They never lead back from retirement, and final states have none."""


def refuse_unless_allowed(current: OrderStatus, wanted: OrderStatus) -> None:
    """Refuse `ORDER_STATE` and name the order's state, unless the table of moves permits this move."""
    if wanted not in MOVES[current]:
        raise Refused(Code.ORDER_STATE, f"An order that is {current} cannot become {wanted}.", status=current.value)


@dataclass(frozen=True, slots=True)
class ByMass:
    """One mass, split over a selection; `estimate_id` is the estimate that the mass comes from; an estimate can be
    ordered once.
    """

    mass_g: int
    estimate_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ByBundleMasses:
    """A mass for each bundle."""

    masses_g: tuple[tuple[UUID, int], ...]


@dataclass(frozen=True, slots=True)
class ByValue:
    """The largest mass that a sum of money buys, commission included."""

    value_minor: int


@dataclass(frozen=True, slots=True)
class ByWholeKilograms:
    """The most whole kilograms whose price is within a sum of money, commission included."""

    value_minor: int


@dataclass(frozen=True, slots=True)
class FromQuote:
    """The contents of a stored quote, which can be ordered once."""

    quote_id: UUID


Beneficiary: TypeAlias = dict[str, dict[str, str]]
"""`recipient`, the party that the certificate is issued to, and `retirement`, the party for which the credits are
retired: each a `name` and, if known, an `email` and a `tax_id`. One that is absent is the account's own company.
"""

Ask: TypeAlias = ByMass | ByBundleMasses | ByValue | ByWholeKilograms


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A request to be priced: a size, bundles and a currency.

    The bundles are those of the selection, else of the portfolio, else of the account. `step` is the unit that shares
    are rounded down to; `whole_mass` gives the grams that are cut off to the first bundle. No currency means the
    account's.
    """

    ask: Ask
    selection: Selection | None = None
    portfolio_id: UUID | None = None
    currency: str | None = None
    step: MassUnit = MassUnit.GRAM
    whole_mass: bool = False


def estimate_of(order_request: OrderRequest | FromQuote) -> UUID | None:
    """Return the id of the estimate that the order request itself names."""
    return (
        order_request.ask.estimate_id
        if isinstance(order_request, OrderRequest) and isinstance(order_request.ask, ByMass)
        else None
    )


def requested_of(order_request: OrderRequest) -> dict[str, Any]:
    """Return the kind of an order request and the size it asks for, in grams or in minor units of its currency."""
    asked: dict[str, Any] = {
        "requested_mass_g": None,
        "requested_value_minor": None,
        "estimate_id": estimate_of(order_request),
    }
    match order_request.ask:
        case ByMass(mass_g):
            kind = OrderKind.MASS if asked["estimate_id"] is None else OrderKind.ESTIMATE
            return {**asked, "kind": kind, "requested_mass_g": mass_g}
        case ByBundleMasses(masses_g):
            return {**asked, "kind": OrderKind.MASS, "requested_mass_g": sum(mass_g for _, mass_g in masses_g)}
        case ByValue(value_minor) | ByWholeKilograms(value_minor):
            return {**asked, "kind": OrderKind.VALUE, "requested_value_minor": value_minor}


class BalanceUse(StrEnum):
    """Use of the balance for an order that is placed."""

    NONE = "none"
    AVAILABLE = "available"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """One caller's command, parsed and within bounds; every API converts its requests to it.

    `order_id` is chosen before the first attempt: if the answer to a commit is lost, the retry finds its own order by
    this id.
    """

    order_id: UUID
    account_id: UUID
    actor: str
    source: Source
    request: OrderRequest | FromQuote
    idempotency_key: str | None = None
    maximum_total: Money | None = None
    allow_backorder: bool = True
    pay_with_balance: BalanceUse = BalanceUse.NONE
    customer: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    callback_url: str | None = None
    beneficiary: Beneficiary | None = None
    acts_for_client: bool = False
    """True if a parent's key places the order for its client account. No part of the fingerprint: a retry with another
    key is still the same command.
    """

    def fingerprint(self, account_currency: str) -> str:
        """Return the digest that distinguishes a retry from another command. Two spellings of one command have the same
        digest, through any API. For an order by value without a currency, the account's currency is used.
        """
        return fingerprint(self.wire_form(account_currency))

    def is_fingerprinted_as(self, stored: str, account_currency: str) -> bool:
        """Return True if the stored digest is the command's. Digests that were stored with amounts in former decimals
        match too.
        """
        return stored == self.fingerprint(account_currency) or stored == fingerprint(
            self.wire_form(account_currency, former=True)
        )

    def wire_form(self, account_currency: str, *, former: bool = False) -> dict[str, Any]:
        """Return the members that are fingerprinted, without members that have their default; `former` gives amounts in
        the former decimals of their currencies.

        Keys never expire: a fingerprint stored today has to match after every later release. So names and tags are
        literals that no renaming may change; a new member must have a default, with which it is left out.
        """
        maximum = None if self.maximum_total is None else self.maximum_total.wire_form(former=former)
        members = (
            ("maximum_total", maximum, None),
            ("allow_backorder", self.allow_backorder, True),
            ("pay_with_balance", self.pay_with_balance, BalanceUse.NONE),
            ("customer", self.customer, None),
            ("description", self.description, None),
            ("metadata", self.metadata, None),
            ("callback_url", self.callback_url, None),
            ("beneficiary", self.beneficiary, None),
        )
        kind, order_request = _tagged(self.request, account_currency, former)
        return {"kind": kind, "wish": order_request} | {
            name: value for name, value, default in members if value != default
        }


def _tagged(order_request: OrderRequest | FromQuote, account_currency: str, former: bool) -> tuple[str, dict[str, Any]]:
    """Return the request's tag and members for `PlaceOrder.wire_form`."""
    if isinstance(order_request, FromQuote):
        return "FromQuote", {"quote_id": order_request.quote_id}
    tag, ask = _tagged_ask(order_request.ask, order_request.currency or account_currency, former)
    form: dict[str, Any] = {"ask": ask, "step": order_request.step, "whole_mass": order_request.whole_mass}
    if order_request.selection is not None:
        form["selection"] = [
            {"bundle_id": each.bundle_id, "hundredths": each.hundredths} for each in order_request.selection
        ]
    if order_request.portfolio_id is not None:
        form["portfolio_id"] = order_request.portfolio_id
    if order_request.currency is not None:
        form["currency"] = order_request.currency
    return tag, form


def _tagged_ask(ask: Ask, currency: str, former: bool) -> tuple[str, dict[str, Any]]:
    match ask:
        case ByMass(mass_g, None):
            return "ByMass", {"mass_g": mass_g}
        case ByMass(mass_g, estimate_id):
            return "ByMass", {"mass_g": mass_g, "estimate_id": estimate_id}
        case ByBundleMasses(masses_g):
            return "ByBundleMasses", {"masses_g": masses_g}
        case ByValue(value_minor) | ByWholeKilograms(value_minor):
            # Both kinds have the same tag, because stored orders by whole kilograms have the tag of orders by value.
            return "ByValue", fingerprinted_amount("value_minor", value_minor, currency, former=former)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as it is stored. Masses in grams, money in minor units of `currency`."""

    account_id: UUID
    id: UUID
    number: str
    source: Source
    kind: OrderKind
    requested_mass_g: int | None
    requested_value_minor: int | None
    step: MassUnit
    currency: str
    status: OrderStatus
    payment_status: PaymentStatus
    mass_g: int
    fulfilled_g: int
    retired_g: int
    offset_cost_minor: int
    commission_minor: int
    total_cost_minor: int
    paid_minor: int
    commission_hundredths: int
    customer: str | None
    description: str | None
    metadata: dict[str, str]
    callback_url: str | None
    beneficiary: Beneficiary | None
    portfolio_id: UUID | None
    estimate_id: UUID | None
    quote_id: UUID | None
    idempotency_key: str | None
    fingerprint: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One bundle's share of an order, at prices frozen when it was placed."""

    account_id: UUID
    order_id: UUID
    position: int
    bundle_id: UUID
    mass_g: int
    fulfilled_g: int
    unit_price_micros: int
    gross_unit_price_micros: int
    offset_cost_minor: int


class EntryKind(StrEnum):
    """Direction of a movement of grams."""

    GIVEN = "given"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditEntry:
    """Grams of a batch that an order line was given (positive) or returned (negative)."""

    account_id: UUID
    id: UUID
    order_id: UUID
    position: int
    batch_id: UUID
    kind: EntryKind
    mass_g: int
    created_at: datetime


OUT_OF_LINE = datetime(9999, 1, 1, tzinfo=UTC)
"""Place of a backorder that waits but is not in the queue: no stock is delivered to it, and no other waits
behind it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backorder:
    """An order line's place in its bundle's queue; `created_at` is its order's, or `OUT_OF_LINE`."""

    bundle_id: UUID
    mode: Mode
    account_id: UUID
    order_id: UUID
    position: int
    waiting_g: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """The order that answers a command; `replayed` is True if an earlier request had placed it."""

    order: Order
    replayed: bool


def amounts_of(order: Order) -> dict[str, Any]:
    """Return the amounts of an order that its events contain."""
    return {
        "mass_g": order.mass_g,
        "fulfilled_g": order.fulfilled_g,
        "total_cost_minor": order.total_cost_minor,
        "paid_minor": order.paid_minor,
        "currency": order.currency,
    }
