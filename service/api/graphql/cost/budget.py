"""The cost points that each API key may spend in a minute.

Knows neither fields nor prices; the cost of an operation is measured elsewhere before any of it runs.
"""

from service.api.rate_limits import Budget, BudgetState, RateLimits

WINDOW_S = 60


def cost_budget(points_a_minute: int) -> Budget:
    """Return the budget of one key."""
    return Budget("graphql", points_a_minute, WINDOW_S, unit="cost points")


class CostBudget:
    """The points of one key during one operation."""

    def __init__(self, rate_limits: RateLimits, budget: Budget, holder: str) -> None:
        self._rate_limits = rate_limits
        self._budget = budget
        self._holder = holder
        self.cost = 0
        self.state = BudgetState(budget, admitted=True, left=budget.requests, more_in_s=budget.window_s)

    async def pay(self, cost: int) -> None:
        """Pay for the operation. One without a cost, such as introspection, is always admitted. Refuses `THROTTLED`."""
        if cost:
            self.cost = cost
            self.state = await self._rate_limits.spend(self._budget, self._holder, cost=cost)
            self.state.refuse_unless_admitted()
