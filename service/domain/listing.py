"""Filters, sorts and references of lists of orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from service.domain.billing import InvoiceStatus
from service.domain.catalogue import Mode
from service.domain.ledger import Verb
from service.domain.order import Order, OrderKind, OrderStatus, PaymentStatus
from service.kit.keyset import Position, SortKind


class OrderSortField(StrEnum):
    """Fields by which a list of orders can be sorted; ties are broken by the id."""

    CREATED_AT = "created_at"
    MASS = "mass_g"
    TOTAL_COST = "total_cost_minor"


@dataclass(frozen=True, slots=True)
class OrderSort:
    """A field and a direction; newest first by default."""

    field: OrderSortField = OrderSortField.CREATED_AT
    descending: bool = True

    @property
    def name(self) -> str:
        """Return the sort's name in cursors."""
        return f"orders.{self.field}.{'desc' if self.descending else 'asc'}"

    @property
    def kind(self) -> SortKind:
        """Return the class of the sorted field's values."""
        return datetime if self.field is OrderSortField.CREATED_AT else int

    def position(self, order: Order) -> Position:
        """Return the order's value in the sorted field and its id, from which a cursor is made."""
        return Position(getattr(order, self.field), order.id)


WholeRange: TypeAlias = tuple[int | None, int | None]
"""A range of whole numbers: the least one, and the least one above the range; None for an open end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Filter of orders. All conditions that are given must hold. Ranges include `from` and exclude `until`.

    `totals_minor` has a range in minor units for each number of decimals, because one bound on totals applies to orders
    in different currencies. `metadata` holds keys with their texts. `text` is part of the number, the customer or the
    description.
    """

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
    totals_minor: Mapping[int, WholeRange] | None = None
    customer_contains: str | None = None
    metadata: frozenset[tuple[str, str]] = frozenset()
    status_pairs: frozenset[tuple[OrderStatus, PaymentStatus]] | None = None
    mean_price_micros_from: int | None = None
    mean_price_micros_until: int | None = None
    invoice_id: UUID | None = None
    bundle_ids: frozenset[UUID] | None = None
    project_ids: frozenset[UUID] | None = None
    portfolio_ids: frozenset[UUID] | None = None
    number: str | None = None
    text: str | None = None


EVERY_ORDER = OrderFilter()


@dataclass(frozen=True, slots=True)
class Owners:
    """Accounts whose rows are listed: the named ones, a parent with its client accounts, or all of one mode; without a
    condition all accounts of both modes.
    """

    account_ids: frozenset[UUID] | None = None
    mode: Mode | None = None
    parent_id: UUID | None = None


Owner: TypeAlias = UUID | Owners
"""The one account whose rows are listed, or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilter:
    """Filter of accounts. All conditions that are given must hold."""

    mode: Mode | None = None
    name_contains: str | None = None
    handle: str | None = None
    currencies: frozenset[str] | None = None
    suspended: bool | None = None
    parent_id: UUID | None = None
    is_client: bool | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyFilter:
    """Filter of payments or invoices. All conditions that are given must hold. `text` is part of a reference or an
    invoice's number. Status and due time apply to invoices only.
    """

    currencies: frozenset[str] | None = None
    statuses: frozenset[InvoiceStatus] | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None
    due_from: datetime | None = None
    due_until: datetime | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilter:
    """Filter of journals. All conditions that are given must hold."""

    currencies: frozenset[str] | None = None
    verbs: frozenset[Verb] | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


EVERY_JOURNAL = LedgerFilter()


class AccountSortField(StrEnum):
    """Fields by which a list of accounts can be sorted; ties are broken by the id."""

    CREATED_AT = "created_at"
    NAME = "name"


class PaymentSortField(StrEnum):
    """Fields by which a list of payments can be sorted; ties are broken by the id."""

    CREATED_AT = "created_at"
    AMOUNT = "amount_minor"


class InvoiceSortField(StrEnum):
    """Fields by which a list of invoices can be sorted; ties are broken by the id."""

    CREATED_AT = "created_at"
    DUE_AT = "due_at"
    TOTAL = "total_minor"


@dataclass(frozen=True, slots=True)
class ListSort:
    """A field of a list and a direction. `kind` is the class of the field's values."""

    listed: str
    field: AccountSortField | PaymentSortField | InvoiceSortField
    descending: bool
    kind: SortKind

    @property
    def name(self) -> str:
        """Return the sort's name in cursors."""
        return f"{self.listed}.{self.field}.{'desc' if self.descending else 'asc'}"

    def position(self, row: Any) -> Position:
        """Return the row's value in the sorted field and its id, from which a cursor is made."""
        return Position(getattr(row, self.field), row.id)


class NumberedSort(StrEnum):
    """Fields by which numbered pages can be sorted. The last two are for numbered pages only, and have no index."""

    CREATED_AT = "created_at"
    MASS = "mass_g"
    STATUS_PAIR = "standing"
    MEAN_PRICE = "mean_price"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedPage:
    """A page given by its number, from 1, for contracts without cursors. Reading it takes as long as reading all pages
    before it.

    A sort by `STATUS_PAIR` follows `status_pairs`, a list of sets: pairs in one set are equal, and come before those of
    the next set.
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
    """A reference to an order, by exactly one of its members."""

    id: UUID | None = None
    number: str | None = None
    idempotency_key: str | None = None
