"""The cost points that each API key may spend in a minute, and each address of callers without one.

Knows neither fields nor prices; the cost of an operation is measured elsewhere before any of it runs.
"""

from service.api.rate_limits import Budget, BudgetState, RateLimits

WINDOW_S = 60


def cost_budget(points_a_minute: int) -> Budget:
    """Return the budget of one key."""
    return Budget("graphql", points_a_minute, WINDOW_S, unit="cost points")


class CostBudget:
    """One holder's points while one operation runs.

    `pays_documents` is for callers without a key, who may send as many documents as they like, none of which runs: each
    costs points before it is parsed.
    """

    def __init__(self, rate_limits: RateLimits, budget: Budget, holder: str, *, pays_documents: bool = False) -> None:
        self._rate_limits = rate_limits
        self._budget = budget
        self._holder = holder
        self.pays_documents = pays_documents
        self.cost = 0
        self.state = BudgetState(budget, admitted=True, left=budget.requests, more_in_s=budget.window_s)

    async def pay(self, cost: int) -> None:
        """Pay for the operation; one without a cost is free. Refuses `THROTTLED`."""
        if cost:
            self.cost = cost
            # What costs more than a whole budget is paid by all of it, or it could never be asked.
            spent = min(cost, self._budget.requests)
            self.state = await self._rate_limits.spend(self._budget, self._holder, cost=spent)
            self.state.refuse_unless_admitted()
