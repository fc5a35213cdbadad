"""Which orders a list shows, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain.order import Order, OrderKind, OrderStatus, PaymentStatus
from service.kit.keyset import Position


class OrderSortField(StrEnum):
    """What a list of orders can be sorted by; ties fall to the id."""

    CREATED_AT = "created_at"
    MASS = "mass_g"
    TOTAL_COST = "total_cost_minor"


@dataclass(frozen=True, slots=True)
class OrderSort:
    """A field and a direction; newest first unless told otherwise."""

    field: OrderSortField = OrderSortField.CREATED_AT
    descending: bool = True

    @property
    def name(self) -> str:
        """What a cursor says of the sort it was made under."""
        return f"orders.{self.field}.{'desc' if self.descending else 'asc'}"

    def position(self, order: Order) -> Position:
        """Where the order stands under this sort."""
        return Position(getattr(order, self.field), order.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """All conditions hold at once; one not given holds for every order. Ranges include `from` and exclude `until`."""

    statuses: frozenset[OrderStatus] | None = None
    payment_statuses: frozenset[PaymentStatus] | None = None
    kinds: frozenset[OrderKind] | None = None
    currencies: frozenset[str] | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None
    mass_g_from: int | None = None
    mass_g_until: int | None = None
    total_minor_from: int | None = None
    total_minor_until: int | None = None
    customer_contains: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    status_pairs: frozenset[tuple[OrderStatus, PaymentStatus]] | None = None
    mean_price_micros_from: int | None = None
    mean_price_micros_until: int | None = None
    invoice_id: UUID | None = None


EVERY_ORDER = OrderFilter()


class NumberedSort(StrEnum):
    """What numbered pages can be sorted by beside what every list can; no index serves the last two."""

    CREATED_AT = "created_at"
    MASS = "mass_g"
    STATUS_PAIR = "standing"
    MEAN_PRICE = "mean_price"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedPage:
    """A page by its number, from 1. It costs as much as all pages before it: for contracts that know no cursors.

    A sort by `STATUS_PAIR` goes by `status_pairs`: pairs of one set are equal and come before those of the next.
    """

    number: int
    size: int
    sort: NumberedSort = NumberedSort.CREATED_AT
    descending: bool = True
    status_pairs: tuple[frozenset[tuple[OrderStatus, PaymentStatus]], ...] = ()

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class OrderRef:
    """One way of naming an order; exactly one is given."""

    id: UUID | None = None
    number: str | None = None
    idempotency_key: str | None = None
