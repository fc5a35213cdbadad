"""The input that refers to one order."""

import strawberry

from service.api.graphql.types.node import parse_id
from service.domain.listing import OrderRef


@strawberry.input(
    one_of=True,
    description="Reference to one order of the account, by id, number or idempotency key. Give exactly one member.",
)
class OrderRefInput:
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Global id of the order, as the order's field `id` shows it."
    )
    number: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Number of the order, as the order's field `number` shows it, in upper or lower case.",
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Idempotency key with which the order was placed."
    )

    def ref(self, *path: str | int) -> OrderRef:
        if isinstance(self.id, str):
            return OrderRef(id=parse_id("Order", self.id, *path, "id"))
        if isinstance(self.number, str):
            return OrderRef(number=self.number.upper())  # all order numbers are in upper case
        return OrderRef(idempotency_key=self.idempotency_key or None)
