"""Filters and sorts of the list of orders."""

from collections.abc import Sequence
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


@strawberry.input(description="From one moment on, until before another.")
class DateTimeRange:
    gte: datetime | None = strawberry.field(default=None, description="At or after.")
    lt: datetime | None = strawberry.field(default=None, description="Before.")


@strawberry.input(description="From one mass on, until below another.")
class MassRange:
    gte: MassInput | None = strawberry.field(default=None, description="At least.")
    lt: MassInput | None = strawberry.field(default=None, description="Less than.")


@strawberry.input(description="From one amount on, until below another, in minor units: filter by currency as well.")
class MinorUnitsRange:
    gte: BigInt | None = strawberry.field(default=None, description="At least.")
    lt: BigInt | None = strawberry.field(default=None, description="Less than.")


@strawberry.input(description="One entry of an order's metadata.")
class MetadataEntryInput:
    key: str = strawberry.field(description="The entry's name.")
    value: str = strawberry.field(description="Exactly its text.")


@strawberry.input(description="Which orders to list: all conditions hold at once.")
class OrderFilterInput:
    status: list[OrderStatus] | None = strawberry.field(default=None, description="In one of these states.")
    payment_status: list[PaymentStatus] | None = strawberry.field(
        default=None, description="With money in one of these states."
    )
    kind: list[OrderKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    currency: list[CurrencyCode] | None = strawberry.field(default=None, description="In one of these currencies.")
    created_at: DateTimeRange | None = strawberry.field(default=None, description="Placed within this time.")
    mass: MassRange | None = strawberry.field(default=None, description="Of this mass.")
    total_minor_units: MinorUnitsRange | None = strawberry.field(default=None, description="With this total.")
    customer_contains: str | None = strawberry.field(
        default=None,
        description="With this text in its customer: 1 to 200 characters. Upper and lower case, composed and "
        "decomposed letters, and wide and narrow forms are the same, in every script; accents are not left out.",
    )
    metadata: list[MetadataEntryInput] | None = strawberry.field(
        default=None, description="With all of these entries in its metadata, at most 10."
    )

    def order_filter(self) -> OrderFilter:
        created = self.created_at or DateTimeRange()
        mass = self.mass or MassRange()
        total = self.total_minor_units or MinorUnitsRange()
        if len(self.metadata or ()) > METADATA_CONDITIONS_MAX:
            raise Refused(
                Code.BAD_USER_INPUT, f"At most {METADATA_CONDITIONS_MAX} entries of metadata.", ("filter", "metadata")
            )
        return OrderFilter(
            statuses=_set(self.status),
            payment_statuses=_set(self.payment_status),
            kinds=_set(self.kind),
            currencies=_set(self.currency),
            created_from=created.gte,
            created_until=created.lt,
            mass_g_from=None if mass.gte is None else at(["filter", "mass", "gte"], mass.gte.grams),
            mass_g_until=None if mass.lt is None else at(["filter", "mass", "lt"], mass.lt.grams),
            total_minor_from=total.gte,
            total_minor_until=total.lt,
            customer_contains=None
            if self.customer_contains is None
            else kept_text(self.customer_contains, NAME_LENGTH_MAX, "filter", "customerContains"),
            metadata={
                kept_text(entry.key, DESCRIPTION_LENGTH_MAX, "filter", "metadata", index, "key"): kept_text(
                    entry.value, DESCRIPTION_LENGTH_MAX, "filter", "metadata", index, "value", required=False
                )
                for index, entry in enumerate(self.metadata or ())
            },
        )


def _set(members: Sequence[T] | None) -> frozenset[T] | None:
    return None if members is None else frozenset(members)


@strawberry.input(description="How to sort orders. A cursor belongs to the sort that it was made under.")
class OrderSortInput:
    field: OrderSortField = strawberry.field(default=OrderSortField.CREATED_AT, description="What to sort by.")
    descending: bool = strawberry.field(default=True, description="Whether the largest or newest come first.")

    def sort(self) -> OrderSort:
        return OrderSort(self.field, self.descending)
