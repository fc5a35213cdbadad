"""The query that shows the remaining cost points of the API key."""

from datetime import datetime, timedelta

import strawberry

from service.api.graphql.context import Info


@strawberry.type(
    description="State of the API key's rate limit, in cost points. The limit applies to the past minute at any time, "
    "so spent points become available again gradually."
)
class RateLimit:
    limit: int = strawberry.field(description="Points that the API key can spend within one minute.")
    cost: int = strawberry.field(
        description="Points that this operation costs. The cost is computed from the document and its variables, not "
        "from the data found."
    )
    remaining: int = strawberry.field(description="Points that remain after this operation.")
    reset_at: datetime = strawberry.field(description="Time at which some of the spent points become available again.")


@strawberry.type
class RateLimitQueries:
    @strawberry.field(
        description="Cost points of the API key: its limit, and the points that remain. An operation that costs more "
        "points than remain is refused `THROTTLED`: HTTP status 429 with the header `Retry-After`. No part of a "
        "refused operation runs, so it is safe to send the operation again. Null only if reading it failed; `errors` "
        "then says why."
    )
    def rate_limit(self, info: Info) -> RateLimit | None:
        info.context.caller  # noqa: B018 - refuses callers without a key, who have no points
        budget = info.context.cost_budget
        if budget is None:
            return None
        return RateLimit(
            limit=budget.state.budget.requests,
            cost=budget.cost,
            remaining=budget.state.remaining,
            reset_at=info.context.resources.clock() + timedelta(seconds=budget.state.reset_s),
        )
