"""What happened to an order, as callers see it."""

from datetime import datetime

import strawberry

from service.api.graphql.scalars import BigInt
from service.api.graphql.types.amounts import Mass, Money, money
from service.domain.events import Event


@strawberry.type(description="One thing that happened to an order. Entries are never changed.")
class TimelineEntry:
    row: strawberry.Private[Event]

    @strawberry.field(description="Its place among all events of the account: gapless, rising by one.")
    def sequence(self) -> BigInt:
        return BigInt(self.row.seq)

    @strawberry.field(description="What happened, as `order.placed`. Expect further words in later releases.")
    def type(self) -> str:
        return self.row.event_type.value

    @strawberry.field(description="When.")
    def occurred_at(self) -> datetime:
        return self.row.created_at

    @strawberry.field(description="Who: the id of an API key, or the service's own worker, as `worker:retire`.")
    def actor(self) -> str:
        return self.row.actor

    @strawberry.field(description="The ordered mass afterwards; null where masses have nothing to do with it.")
    def mass(self) -> Mass | None:
        return self._mass("mass_g")

    @strawberry.field(description="The mass afterwards for which credits are set aside.")
    def fulfilled_mass(self) -> Mass | None:
        return self._mass("fulfilled_g")

    @strawberry.field(description="The mass retired afterwards; null before retirement started.")
    def retired_mass(self) -> Mass | None:
        return self._mass("retired_g")

    @strawberry.field(description="The order's total afterwards.")
    def total_cost(self) -> Money | None:
        return self._money("total_cost_minor")

    @strawberry.field(description="What was paid of it afterwards.")
    def paid(self) -> Money | None:
        return self._money("paid_minor")

    @strawberry.field(description="The money that came in; null where none did.")
    def amount(self) -> Money | None:
        return self._money("amount_minor")

    def _mass(self, name: str) -> Mass | None:
        mass_g = self.row.payload.get(name)
        return None if mass_g is None else Mass(mass_g=mass_g)

    def _money(self, name: str) -> Money | None:
        minor = self.row.payload.get(name)
        return None if minor is None else money(minor, self.row.payload["currency"])
