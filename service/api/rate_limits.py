"""Rate limits of API keys: budgets of requests in a window, counted in this process, or in Redis where processes share
them.

Knows no API; each API chooses the budget that a call is paid from. A window slides: the count of the last window is
weighted by the part of it that the sliding window still overlaps, so that two bursts never meet at its edge.
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
"""Timeout of Redis. Waiting longer would cost more than the limit is worth."""


HOLDERS_MAX = 10_000
"""Number of counted keys above which those that have spent nothing lately are removed."""


class Budget(NamedTuple):
    """Maximum number of requests of one key in each window, or of another `unit` that a call costs; budgets of one name
    and size are one budget.
    """

    name: str
    requests: int
    window_s: int = 1
    unit: str = "requests"


class BudgetState(NamedTuple):
    """Remainder of a key's budget after a call, and the seconds until there is more."""

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
        """Return `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers writes them."""
        name = self.budget.name
        return {
            "RateLimit-Policy": f'"{name}";q={self.budget.requests};w={self.budget.window_s}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset_s}',
        }

    def refuse_unless_admitted(self) -> None:
        """Refuse `THROTTLED`, with the seconds to wait as `retry_after_s`, if the call was not admitted."""
        if not self.admitted:
            budget = self.budget
            message = (
                f"This API key may use {budget.requests} {budget.unit} in {budget.window_s} s. Wait for the "
                "seconds in Retry-After and try again."
            )
            raise Refused(Code.THROTTLED, message, retry_after_s=self.reset_s)


class _Windows:
    """Counts of this process, by the same rule as in Redis: a count for the running window and one for the last,
    weighted by the part that the sliding window still overlaps. A dictionary without tasks, because each request comes
    here: the storage of the library took a tenth of a page's time.
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
        # Points of the last window come back gradually during this window, points of this one during the next.
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
    """Rate limits of all keys. While Redis cannot be reached, each process counts by itself, and a warning is logged
    once: orders must not be refused because a limit cannot be shared.
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
        """Spend the cost from the holder's budget, or do not admit the request and count nothing."""
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
        """Close the connections; counts in Redis stay until their window ends."""
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
    """Return the library's form of a budget. Cached, because every request spends from one of a few budgets."""
    return RateLimitItemPerSecond(budget.requests, budget.window_s, namespace=budget.name)
