"""The cost points that each API key may spend in a minute, and each address of callers without one.

Does not know fields or prices: the cost of an operation is measured before it runs. The size of its answer is known and
paid afterwards.
"""

from service.api.rate_limits import Budget, BudgetState, RateLimits

WINDOW_S = 60
BYTES_A_POINT = 1_024
"""Bytes of an answer that each point of its operation covers; more bytes cost additional points."""


def cost_budget(points_a_minute: int) -> Budget:
    """Return the budget of one key."""
    return Budget("graphql", points_a_minute, WINDOW_S, unit="cost points")


class CostBudget:
    """One holder's points while one operation runs.

    `pays_documents` is for callers without a key, who could otherwise send documents without limit: each costs points
    before it is parsed.
    """

    def __init__(self, rate_limits: RateLimits, budget: Budget, holder: str, *, pays_documents: bool = False) -> None:
        self._rate_limits = rate_limits
        self._budget = budget
        self._holder = holder
        self.pays_documents = pays_documents
        self.cost = 0
        self.state = BudgetState(budget, admitted=True, left=budget.requests, more_in_s=budget.window_s)

    def of_events(self) -> "CostBudget":
        """Return the holder's separate budget for events of subscriptions, which has the same size."""
        return CostBudget(self._rate_limits, self._budget._replace(name="subscriptions"), self._holder)

    async def pay(self, cost: int) -> None:
        """Pay for the operation; one without a cost is free. Refuses `THROTTLED`."""
        if cost:
            self.cost = cost
            # An operation that costs more than the whole budget is paid with all of it; otherwise it could never run.
            spent = min(cost, self._budget.requests)
            self.state = await self._rate_limits.spend(self._budget, self._holder, cost=spent)
            self.state.refuse_unless_admitted()

    async def pay_bytes(self, size: int) -> None:
        """Pay for the bytes of the answer that the operation's cost does not cover, with at most the remaining points.
        The answer is sent in any case; later operations wait for new points.
        """
        extra = size // BYTES_A_POINT - self.cost
        if extra > 0:
            await self._rate_limits.charge(self._budget, self._holder, extra)
