"""The query that shows the remaining cost points of the API key."""

from datetime import datetime, timedelta

import strawberry

from service.api.graphql.context import Info


@strawberry.type(description="What the API key may still ask for. Points come back as the minute slides on.")
class RateLimit:
    limit: int = strawberry.field(description="Cost points that the key has in each minute.")
    cost: int = strawberry.field(description="Points that this operation costs, whatever it finds.")
    remaining: int = strawberry.field(description="Points that are left after this operation.")
    reset_at: datetime = strawberry.field(description="When some of the spent points are back.")


@strawberry.type
class RateLimitQueries:
    @strawberry.field(
        description="The points of the API key. An operation that costs more than are left is refused `THROTTLED`, as "
        "HTTP 429 with `Retry-After`; nothing of it has run, so it may be sent again as it was."
    )
    def rate_limit(self, info: Info) -> RateLimit | None:
        info.context.caller  # noqa: B018 - refuses whoever has no key, and so no points
        budget = info.context.cost_budget
        if budget is None:
            return None
        return RateLimit(
            limit=budget.state.budget.requests,
            cost=budget.cost,
            remaining=budget.state.remaining,
            reset_at=info.context.resources.clock() + timedelta(seconds=budget.state.reset_s),
        )
