"""Filters and sorts of the list of orders."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import strawberry

from service.api.graphql.inputs.fault_paths import T, at
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
from service.errors import Code, Refused

METADATA_CONDITIONS_MAX = 10


@strawberry.input(description="A range of time. The start is included, the end is not; each may be left out.")
class DateTimeRange:
    gte: datetime | None = strawberry.field(default=None, description="Start of the range. Times at or after it match.")
    lt: datetime | None = strawberry.field(default=None, description="End of the range. Times before it match.")


@strawberry.input(
    description="A range of masses. The lower bound is included, the upper one is not; each may be left out."
)
class MassRange:
    gte: MassInput | None = strawberry.field(
        default=None, description="Lower bound of the range. Masses that are at least as large match."
    )
    lt: MassInput | None = strawberry.field(
        default=None, description="Upper bound of the range. Masses that are smaller match."
    )


@strawberry.input(
    description="A range of amounts in minor units, whatever the currency. Filter by one currency as well. The lower "
    "bound is included, the upper one is not."
)
class MinorUnitsRange:
    gte: BigInt | None = strawberry.field(
        default=None, description="Lower bound of the range, in minor units. Amounts that are at least as large match."
    )
    lt: BigInt | None = strawberry.field(
        default=None, description="Upper bound of the range, in minor units. Amounts that are smaller match."
    )


@strawberry.input(description="A name and a value that an order's metadata must contain.")
class MetadataEntryInput:
    key: str = strawberry.field(description="Name of the metadata entry, 1 to 1,000 characters.")
    value: str = strawberry.field(
        description="Value of the metadata entry, at most 1,000 characters. It must match exactly."
    )


@strawberry.input(description="Conditions on orders. An order is listed if it meets all conditions that are given.")
class OrderFilterInput:
    status: list[OrderStatus] | None = strawberry.field(
        default=None, description="Lists orders in one of these states."
    )
    payment_status: list[PaymentStatus] | None = strawberry.field(
        default=None, description="Lists orders whose payment is in one of these states."
    )
    kind: list[OrderKind] | None = strawberry.field(default=None, description="Lists orders of one of these kinds.")
    currency: list[CurrencyCode] | None = strawberry.field(
        default=None, description="Lists orders in one of these currencies."
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None, description="Lists orders placed within this time."
    )
    mass: MassRange | None = strawberry.field(
        default=None, description="Lists orders whose ordered mass is within this range."
    )
    total_minor_units: MinorUnitsRange | None = strawberry.field(
        default=None, description="Lists orders whose total cost is within this range."
    )
    customer_contains: str | None = strawberry.field(
        default=None,
        description="Lists orders whose `customer` contains this text, 1 to 200 characters. Upper and lower case, "
        "composed and decomposed letters, and wide and narrow forms count as equal in every script. Letters with and "
        "without accents count as different.",
    )
    metadata: list[MetadataEntryInput] | None = strawberry.field(
        default=None, description="Lists orders whose metadata contains all of these entries: at most 10."
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
    description="Sort order of a list of orders. A cursor is valid only in the sort order that it was created in."
)
class OrderSortInput:
    field: OrderSortField = strawberry.field(
        default=OrderSortField.CREATED_AT, description="Field to sort by; the time of placing by default."
    )
    descending: bool = strawberry.field(
        default=True,
        description="True to list the largest or newest orders first, false to list the smallest or oldest first; true "
        "by default.",
    )

    def sort(self) -> OrderSort:
        return OrderSort(self.field, self.descending)
