"""GraphQL type of the events of an order."""

from datetime import datetime

import strawberry

from service.api.graphql.scalars import BigInt
from service.api.graphql.types.amounts import Mass, Money, money
from service.domain.events import Event


@strawberry.type(description="One event of an order. Events never change.")
class TimelineEntry:
    row: strawberry.Private[Event]

    @strawberry.field(
        description="Number of the event among all events of the account. The numbers rise by one, without gaps."
    )
    def sequence(self) -> BigInt:
        return BigInt(self.row.seq)

    @strawberry.field(
        description="Type of the event, such as `order.placed`. Expect unknown types, because later releases may add "
        "some."
    )
    def type(self) -> str:
        return self.row.event_type.value

    @strawberry.field(description="Time at which the event occurred.")
    def occurred_at(self) -> datetime:
        return self.row.created_at

    @strawberry.field(
        description="Cause of the event: the id of an API key, or the name of a background job such as `worker:retire`."
    )
    def actor(self) -> str:
        return self.row.actor

    @strawberry.field(
        description="Mass of the order after the event. Null for the events `payment.recorded` and `payment.refused`."
    )
    def mass(self) -> Mass | None:
        return self._mass("mass_g")

    @strawberry.field(
        description="Mass of the order for which credits are set aside after the event. Null for the events "
        "`payment.recorded` and `payment.refused`."
    )
    def fulfilled_mass(self) -> Mass | None:
        return self._mass("fulfilled_g")

    @strawberry.field(
        description="Mass of the order that is retired after the event. Null for all events except `order.retiring` "
        "and `order.completed`."
    )
    def retired_mass(self) -> Mass | None:
        return self._mass("retired_g")

    @strawberry.field(
        description="Total cost of the order after the event. Null for the events `payment.recorded` and "
        "`payment.refused`."
    )
    def total_cost(self) -> Money | None:
        return self._money("total_cost_minor")

    @strawberry.field(
        description="Part of the total cost that is paid after the event. Null for the events `payment.recorded` and "
        "`payment.refused`."
    )
    def paid(self) -> Money | None:
        return self._money("paid_minor")

    @strawberry.field(
        description="Amount of the payment. Null for all events except `payment.recorded` and `payment.refused`."
    )
    def amount(self) -> Money | None:
        return self._money("amount_minor")

    def _mass(self, name: str) -> Mass | None:
        mass_g = self.row.payload.get(name)
        return None if mass_g is None else Mass(mass_g=mass_g)

    def _money(self, name: str) -> Money | None:
        minor = self.row.payload.get(name)
        return None if minor is None else money(minor, self.row.payload["currency"])
