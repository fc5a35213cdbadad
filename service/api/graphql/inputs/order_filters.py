"""Filters and sorts of the list of orders."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import strawberry

from service.api.graphql.inputs.filter_members import ids_of
from service.api.graphql.scalars import BigInt, CurrencyCode
from service.api.graphql.types.amounts import MassInput
from service.domain.listing import OrderFilter, OrderSort, OrderSortField
from service.domain.order import (
    OrderKind,
    OrderStatus,
    PaymentStatus,
)
from service.domain.texts import (
    DESCRIPTION_LENGTH_MAX,
    NAME_LENGTH_MAX,
    kept_text,
)
from service.errors import Code, Refused, T, at

METADATA_CONDITIONS_MAX = 10


@strawberry.input(
    description="A range of time, from `gte` (included) to `lt` (not included). A bound that is left out does not "
    "limit the range."
)
class DateTimeRange:
    gte: datetime | None = strawberry.field(
        default=None,
        description="Start of the range. Times at or after the start match. By default the range has no start.",
    )
    lt: datetime | None = strawberry.field(
        default=None, description="End of the range. Times before the end match. By default the range has no end."
    )


@strawberry.input(
    description="A range of masses, from `gte` (included) to `lt` (not included). A bound that is left out does not "
    "limit the range."
)
class MassRange:
    gte: MassInput | None = strawberry.field(
        default=None,
        description="Lower bound of the range. Masses equal to or above this bound match. By default there is no "
        "lower bound.",
    )
    lt: MassInput | None = strawberry.field(
        default=None,
        description="Upper bound of the range. Masses below this bound match. By default there is no upper bound.",
    )


@strawberry.input(
    description="A range of amounts in the currency's smallest unit, from `gte` (included) to `lt` (not included). "
    "Amounts are compared as numbers without regard to their currency, so filter by one currency as well."
)
class MinorUnitsRange:
    gte: BigInt | None = strawberry.field(
        default=None,
        description="Lower bound of the range, in the currency's smallest unit. Amounts equal to or above this bound "
        "match. By default there is no lower bound.",
    )
    lt: BigInt | None = strawberry.field(
        default=None,
        description="Upper bound of the range, in the currency's smallest unit. Amounts below this bound match. By "
        "default there is no upper bound.",
    )


@strawberry.input(description="Name and value of one entry that an order's metadata must contain.")
class MetadataEntryInput:
    key: str = strawberry.field(description="Name of the metadata entry: 1 to 1,000 characters.")
    value: str = strawberry.field(
        description="Value of the metadata entry, at most 1,000 characters. The value in the order must be equal to "
        "this value."
    )


@strawberry.input(
    description="Conditions that select orders. An order is selected if it meets all conditions that are given."
)
class OrderFilterInput:
    status: list[OrderStatus] | None = strawberry.field(
        default=None, description="States of the orders to select. By default orders in all states are selected."
    )
    payment_status: list[PaymentStatus] | None = strawberry.field(
        default=None,
        description="Payment states of the orders to select. By default orders in all payment states are selected.",
    )
    kind: list[OrderKind] | None = strawberry.field(
        default=None, description="Kinds of orders to select. By default orders of all kinds are selected."
    )
    currency: list[CurrencyCode] | None = strawberry.field(
        default=None,
        description="Currencies of the orders to select (ISO 4217 codes). By default orders in all currencies are "
        "selected.",
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Range of time in which the orders to select were placed. By default orders of any time are "
        "selected.",
    )
    mass: MassRange | None = strawberry.field(
        default=None,
        description="Range for the mass of the orders to select. By default orders of any mass are selected.",
    )
    total_minor_units: MinorUnitsRange | None = strawberry.field(
        default=None,
        description="Range for the total cost of the orders to select, in the currency's smallest unit. By default "
        "orders of any total cost are selected.",
    )
    customer_contains: str | None = strawberry.field(
        default=None,
        description="Selects orders whose `customer` contains this text: 1 to 200 characters. Upper and lower "
        "case count as equal. Composed and decomposed letters count as equal, and so do wide and narrow forms. "
        "Letters with and without accents count as different.",
    )
    metadata: list[MetadataEntryInput] | None = strawberry.field(
        default=None,
        description="Entries that the metadata of the orders to select contains: at most 10 entries. An order must "
        "contain all of them.",
    )

    bundle_id: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Global ids of bundles, at most 100. Orders that buy at least one of them are selected. By default "
        "orders of all bundles are selected.",
    )
    project_id: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Global ids of projects, at most 100. Orders for which credits of at least one of them are set "
        "aside or retired are selected. By default orders with credits of all projects are selected, and those "
        "without credits.",
    )
    portfolio_id: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Global ids of portfolios, at most 100. Orders that buy one of them are selected. By default "
        "orders of all portfolios are selected, and those of none.",
    )
    number: str | None = strawberry.field(
        default=None, description="Number of the order to select, in upper or lower case. By default none is set."
    )
    text_contains: str | None = strawberry.field(
        default=None,
        description="Text that the number, the `customer` or the `description` of the orders to select contains: 1 to "
        "200 characters. Upper and lower case count as equal, in the description those of the letters a to z. By "
        "default orders with any text are selected.",
    )

    def order_filter(self) -> OrderFilter:
        created = self.created_at or DateTimeRange()
        mass = self.mass or MassRange()
        total = self.total_minor_units or MinorUnitsRange()
        if len(self.metadata or ()) > METADATA_CONDITIONS_MAX:
            raise Refused(
                Code.BAD_USER_INPUT,
                f"Give at most {METADATA_CONDITIONS_MAX} metadata entries to filter by.",
                ("filter", "metadata"),
            )
        return OrderFilter(
            statuses=_set(self.status),
            payment_statuses=_set(self.payment_status),
            kinds=_set(self.kind),
            currencies=_set(self.currency),
            created_from=created.gte,
            created_until=created.lt,
            mass_g_from=None if mass.gte is None else at(["filter", "mass", "gte"], mass.gte.least_grams),
            mass_g_until=None if mass.lt is None else at(["filter", "mass", "lt"], mass.lt.least_grams),
            total_minor_from=total.gte,
            total_minor_until=total.lt,
            customer_contains=None
            if self.customer_contains is None
            else kept_text(self.customer_contains, NAME_LENGTH_MAX, "filter", "customerContains"),
            metadata=frozenset(self._entries()),
            bundle_ids=ids_of("Bundle", self.bundle_id, "bundleId"),
            project_ids=ids_of("Project", self.project_id, "projectId"),
            portfolio_ids=ids_of("Portfolio", self.portfolio_id, "portfolioId"),
            number=None if self.number is None else kept_text(self.number, NAME_LENGTH_MAX, "filter", "number").upper(),
            text=None
            if self.text_contains is None
            else kept_text(self.text_contains, NAME_LENGTH_MAX, "filter", "textContains"),
        )

    def _entries(self) -> Iterator[tuple[str, str]]:
        for index, entry in enumerate(self.metadata or ()):
            path = ("filter", "metadata", index)
            yield (
                kept_text(entry.key, DESCRIPTION_LENGTH_MAX, *path, "key"),
                kept_text(entry.value, DESCRIPTION_LENGTH_MAX, *path, "value", required=False),
            )


def _set(members: Sequence[T] | None) -> frozenset[T] | None:
    return None if members is None else frozenset(members)


@strawberry.input(
    description="Sort order of a list of orders. A cursor is valid only in a list with the same sort order."
)
class OrderSortInput:
    field: OrderSortField = strawberry.field(
        default=OrderSortField.CREATED_AT, description="Property to sort by; by default `CREATED_AT`."
    )
    descending: bool = strawberry.field(
        default=True,
        description="True, the default: the largest or newest orders come first. False: the smallest or oldest orders "
        "come first.",
    )

    def sort(self) -> OrderSort:
        return OrderSort(self.field, self.descending)
