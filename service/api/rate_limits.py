"""How often one key may call: budgets of requests a window, kept in this process, or in Redis where processes share.

Knows nothing of APIs; each API says which budget a call is paid from. A window slides: what was spent in the last
one counts for the part of it that the present one still overlaps, so that two bursts never meet at its edge.
"""

import math
import time
from functools import lru_cache
from typing import Any, NamedTuple

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from service.errors import Code, Refused

log = structlog.get_logger(__name__)

REDIS_TIMEOUT_S = 0.25
"""A limit that cannot be read in this time is not worth waiting for."""


HOLDERS_MAX = 10_000
"""Keys that are counted before those are looked for that have spent nothing lately."""


class Budget(NamedTuple):
    """So many requests of one key in each window, or of what else `unit` says that a call costs; budgets of one name
    and size are one budget.
    """

    name: str
    requests: int
    window_s: int = 1
    unit: str = "requests"


class BudgetState(NamedTuple):
    """What is left of a key's budget after a call, and in how many seconds there is more."""

    budget: Budget
    admitted: bool
    left: float
    more_in_s: float

    @property
    def remaining(self) -> int:
        return max(0, math.floor(self.left)) if self.admitted else 0

    @property
    def reset_s(self) -> int:
        return min(self.budget.window_s, max(1, math.ceil(self.more_in_s)))

    @property
    def headers(self) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers writes them."""
        name = self.budget.name
        return {
            "RateLimit-Policy": f'"{name}";q={self.budget.requests};w={self.budget.window_s}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset_s}',
        }

    def refuse_unless_admitted(self) -> None:
        """Refuses `THROTTLED`, with the seconds to wait as `retry_after_s`."""
        if not self.admitted:
            budget = self.budget
            message = f"This API key has {budget.requests} {budget.unit} in {budget.window_s} s; wait and try again."
            raise Refused(Code.THROTTLED, message, retry_after_s=self.reset_s)


class _Windows:
    """The counts of this process, by the rule that Redis is asked to keep: a count for the running window and one for
    the last, which weighs as much as the running window still overlaps it. A dictionary and no tasks, because each
    request comes here: the storage of the library in its place took a tenth of a page's time.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[Budget, str], tuple[int, int, int]] = {}

    def spend(self, budget: Budget, holder: str, cost: int) -> BudgetState:
        index, into_s = divmod(time.time(), budget.window_s)
        current, previous = self._counts_in(int(index), (budget, holder))
        weighted = previous * (1 - into_s / budget.window_s) + current
        admitted = weighted + cost <= budget.requests
        if admitted:
            current, weighted = current + cost, weighted + cost
            self._counts[budget, holder] = (int(index), current, previous)
            self._forget_the_idle()
        # What was spent comes back as the last window fades; what is spent in this one begins to when it is over.
        left_s = budget.window_s - into_s
        more_in_s = budget.window_s / previous if previous else left_s + budget.window_s / max(1, current)
        return BudgetState(budget, admitted, budget.requests - weighted, more_in_s)

    def _counts_in(self, index: int, name: tuple[Budget, str]) -> tuple[int, int]:
        counted_in, current, previous = self._counts.get(name, (index, 0, 0))
        if counted_in == index:
            return current, previous
        return 0, current if counted_in == index - 1 else 0

    def _forget_the_idle(self) -> None:
        if len(self._counts) > HOLDERS_MAX:
            now_s = time.time()
            self._counts = {
                name: counted for name, counted in self._counts.items() if counted[0] >= now_s // name[0].window_s - 1
            }


class RateLimits:
    """Keeps count. While its Redis is away it counts in this process, and says so once: a limit that cannot be shared
    is still a limit, and never a reason to turn an order away.
    """

    def __init__(self, redis_url: str | None = None) -> None:
        self._own = _Windows()
        self._shared: RedisStorage | None = None
        self._away = False
        if redis_url is not None:
            self._shared = RedisStorage(
                redis_url,
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix="carbon-orders",
                socket_timeout=REDIS_TIMEOUT_S,
                socket_connect_timeout=REDIS_TIMEOUT_S,
            )

    async def spend(self, budget: Budget, holder: str, *, cost: int = 1) -> BudgetState:
        """A request of the holder is paid from the budget, or not admitted and not counted."""
        if self._shared is not None:
            try:
                state = await _spend(SlidingWindowCounterRateLimiter(self._shared), budget, holder, cost)
            except StorageError as error:
                if not self._away:
                    log.warning("rate_limits_unshared", error=repr(error.storage_error))
                self._away = True
            else:
                self._away = False
                return state
        return self._own.spend(budget, holder, cost)

    async def close(self) -> None:
        """Connections are closed; counts in Redis stay until their window ends."""
        if self._shared is not None and isinstance(self._shared.bridge, RedispyBridge):
            client: Any = self._shared.bridge.get_connection()  # typed as a protocol that leaves out how it ends
            await client.aclose()


async def _spend(limiter: SlidingWindowCounterRateLimiter, budget: Budget, holder: str, cost: int) -> BudgetState:
    item = _item(budget)
    admitted = await limiter.hit(item, holder, cost=cost)
    stats = await limiter.get_window_stats(item, holder)
    return BudgetState(budget, admitted, stats.remaining, stats.reset_time - time.time())


@lru_cache(maxsize=64)
def _item(budget: Budget) -> RateLimitItemPerSecond:
    """Kept, because every request spends from one of a few budgets."""
    return RateLimitItemPerSecond(budget.requests, budget.window_s, namespace=budget.name)
