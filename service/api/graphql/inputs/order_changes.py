"""The input that changes customer, description and metadata of an order."""

from typing import Any

import strawberry

from service.api.graphql.inputs.order_reference import OrderRefInput
from service.api.graphql.scalars import Metadata
from service.domain.texts import DESCRIPTION_LENGTH_MAX, NAME_LENGTH_MAX, kept_text


@strawberry.input(description="Changes to an order. Members that the input leaves out keep their values.")
class UpdateOrderInput:
    order: OrderRefInput = strawberry.field(description="Order to change. The order must belong to the account.")
    customer: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the customer that the order is placed for, at most 200 characters. Null removes the "
        "name.",
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New note to attach to the order, at most 1,000 characters. Null removes the note.",
    )
    metadata: Metadata | None = strawberry.field(
        default=strawberry.UNSET,
        description="New data to attach to the order, in place of all its data. Null removes all data.",
    )

    def changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name, text, length in (
            ("customer", self.customer, NAME_LENGTH_MAX),
            ("description", self.description, DESCRIPTION_LENGTH_MAX),
        ):
            if text is not strawberry.UNSET:
                changes[name] = None if text is None else kept_text(text, length, name, required=False)
        if self.metadata is not strawberry.UNSET:
            changes["metadata"] = dict(self.metadata or {})
        return changes
