"""What an operation is paid with: cost points, of which each API key has so many a minute.

Knows neither fields nor prices; the cost of an operation is measured elsewhere before any of it runs.
"""

from datetime import datetime, timedelta

import strawberry

from service.api.graphql.context import Info
from service.api.rate_limits import Budget, RateLimits, Standing

WINDOW_S = 60


def cost_budget(points_a_minute: int) -> Budget:
    """The budget of one key."""
    return Budget("graphql", points_a_minute, WINDOW_S, unit="cost points")


class CostBudget:
    """One key's points while one operation runs."""

    def __init__(self, rate_limits: RateLimits, budget: Budget, holder: str) -> None:
        self._rate_limits = rate_limits
        self._budget = budget
        self._holder = holder
        self.cost = 0
        self.standing = Standing(budget, admitted=True, left=budget.requests, more_in_s=budget.window_s)

    async def pay(self, cost: int) -> None:
        """The operation is paid; one without a cost, such as introspection, always is. Refuses `THROTTLED`."""
        if cost:
            self.cost = cost
            self.standing = await self._rate_limits.spend(self._budget, self._holder, cost=cost)
            self.standing.refuse_unless_admitted()


@strawberry.type(description="What the API key may still ask for. Points come back as the minute slides on.")
class RateLimit:
    limit: int = strawberry.field(description="Cost points that the key has in each minute.")
    cost: int = strawberry.field(description="Points that this operation costs, whatever it finds.")
    remaining: int = strawberry.field(description="Points that are left after this operation.")
    reset_at: datetime = strawberry.field(description="When some of the spent points are back.")


@strawberry.type
class PointsQueries:
    @strawberry.field(
        description="The points of the API key. An operation that costs more than are left is refused `THROTTLED`, as "
        "HTTP 429 with `Retry-After`; nothing of it has run, so it may be sent again as it was."
    )
    def rate_limit(self, info: Info) -> RateLimit | None:
        info.context.caller  # noqa: B018 - refuses whoever has no key, and so no points
        points = info.context.points
        if points is None:
            return None
        return RateLimit(
            limit=points.standing.budget.requests,
            cost=points.cost,
            remaining=points.standing.remaining,
            reset_at=info.context.resources.clock() + timedelta(seconds=points.standing.reset_s),
        )
