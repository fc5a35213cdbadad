"""The input that names one order."""

import strawberry

from service.api.graphql.types.node import parse_id
from service.domain.listing import OrderRef


@strawberry.input(one_of=True, description="One way of naming an order; give exactly one.")
class OrderRefInput:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="The idempotency key that it was placed with."
    )

    def ref(self, *path: str | int) -> OrderRef:
        if isinstance(self.id, str):
            return OrderRef(id=parse_id("Order", self.id, *path, "id"))
        if isinstance(self.number, str):
            return OrderRef(number=self.number)
        return OrderRef(idempotency_key=self.idempotency_key or None)
