"""Rate limits: budgets of requests or points for each time window, kept in this process, or in Redis if several
processes share them.

Each API determines the budget of a call and its holder: an API key or an address. The window slides: spending in the
previous window counts in proportion to its overlap, so that two bursts cannot meet at the edge of a window.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
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
"""Timeout of Redis in seconds. A longer wait would be worse than a limit that is not shared."""
REDIS_PAUSE_S = 5.0
"""Seconds for which an unreachable Redis is not asked again, because each request would wait for it."""

HOLDERS_MAX = 10_000
"""Maximum number of holders of one budget that are counted; beyond it, those that spent longest ago are forgotten."""

_NOISE = 1e-6
"""Maximum error of adding and weighing counts as floats."""


class Budget(NamedTuple):
    """Number of requests of one holder in each window, or of another unit given by `unit`. Budgets with the same name
    and size are the same budget.

    `whose` is the beginning of the refusal's message. Holders that are `unbounded` in number, as addresses are, are
    forgotten above HOLDERS_MAX even if they are active; keys are not, because the database limits their number.
    """

    name: str
    requests: int
    window_s: int = 1
    unit: str = "requests"
    whose: str = "This API key has"
    unbounded: bool = False


class BudgetState(NamedTuple):
    """A holder's budget after a call: the remaining points, the seconds until there are more, and the seconds until a
    refused call fits.
    """

    budget: Budget
    admitted: bool
    left: float
    more_in_s: float
    fits_in_s: float = 0.0

    @property
    def remaining(self) -> int:
        return max(0, math.floor(self.left)) if self.admitted else 0

    @property
    def reset_s(self) -> int:
        return min(self.budget.window_s, max(1, math.ceil(self.more_in_s)))

    @property
    def retry_after_s(self) -> int:
        """Return the seconds until the refused call fits, if the holder spends nothing until then."""
        return max(1, math.ceil(self.fits_in_s))

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
            message = f"{budget.whose} {budget.requests} {budget.unit} in {budget.window_s} s; wait and try again."
            raise Refused(Code.THROTTLED, message, retry_after_s=self.retry_after_s)


class _Counts(NamedTuple):
    """Points spent in the previous and in the present window, and the seconds for which each still counts."""

    previous: int
    previous_left_s: float
    current: int
    current_left_s: float

    def weighted(self, window_s: int) -> float:
        return self.previous * self.previous_left_s / window_s + self.current

    def more_in_s(self, window_s: int) -> float:
        # Points of the previous window return gradually while it fades; those of the present window only after its end.
        if self.previous:
            return window_s / self.previous
        return self.current_left_s + window_s / max(1, self.current)

    def fits_in_s(self, budget: Budget, cost: int) -> float:
        """Return the seconds until a call with this cost fits. For a cost above the whole budget, the seconds until all
        of it is free.
        """
        free, window_s = max(0, budget.requests - cost), budget.window_s
        if self.current > free:  # it fits only after the present window has become the previous one
            return self.current_left_s + window_s * (1 - free / self.current)
        if not self.previous:
            return 0.0
        return max(0.0, self.previous_left_s - window_s * (free - self.current) / self.previous)


class _Windows:
    """Counts of this process, by the same rule as in Redis: a count for the running window and one for the last,
    weighted by the part that the sliding window still overlaps. A plain dictionary, because every request uses it; the
    library's own storage took a tenth of the time of a page.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        # By budget and holder: the number of the last counted window, its count, and the count of the window before.
        self._tables: dict[Budget, OrderedDict[str, tuple[int, int, int]]] = {}

    def spend(self, budget: Budget, holder: str, cost: int) -> BudgetState:
        table = self._tables.get(budget)
        if table is None:
            table = self._tables[budget] = OrderedDict()
        number, into_s = divmod(self._now_s(), budget.window_s)
        index, left_s = int(number), budget.window_s - into_s
        current, previous = _counts_in(index, table.get(holder))
        counts = _Counts(previous, left_s, current, left_s)
        weighted = counts.weighted(budget.window_s)
        admitted = weighted + cost <= budget.requests + _NOISE
        if not admitted:
            more_in_s, fits_in_s = counts.more_in_s(budget.window_s), counts.fits_in_s(budget, cost)
            return BudgetState(budget, admitted, budget.requests - weighted, more_in_s, fits_in_s)
        table[holder] = index, current + cost, previous
        table.move_to_end(holder)
        if len(table) > HOLDERS_MAX:
            self._forget_some(table, index, unbounded=budget.unbounded)
        counts = counts._replace(current=current + cost)
        return BudgetState(budget, admitted, budget.requests - weighted - cost, counts.more_in_s(budget.window_s))

    @staticmethod
    def _forget_some(table: OrderedDict[str, tuple[int, int, int]], index: int, *, unbounded: bool) -> None:
        """Forget holders that spent longest ago: two at a time, so that a table that has grown too large shrinks
        again.
        """
        for _ in range(2):
            holder, (counted_in, _, _) = next(iter(table.items()))
            if counted_in >= index - 1 and not (unbounded and len(table) > HOLDERS_MAX):
                return
            del table[holder]


def _counts_in(index: int, kept: tuple[int, int, int] | None) -> tuple[int, int]:
    """Return the points spent in the window of that number and in the one before."""
    counted_in, current, previous = kept or (index, 0, 0)
    if counted_in == index:
        return current, previous
    return 0, current if counted_in == index - 1 else 0


class RateLimits:
    """Counters of all budgets. While Redis is unreachable, they count in this process, log that once, and try Redis
    again after a pause, by one request at a time. So a failure of Redis never causes a refusal.
    """

    def __init__(self, redis_url: str | None = None, *, now_s: Callable[[], float] = time.time) -> None:
        self._now_s = now_s
        self._own = _Windows(now_s)
        self._shared: RedisStorage | None = None
        self._away_until_s: float | None = None
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
        """Spend the cost from the holder's budget; if too little is left, do not admit the request and spend
        nothing.
        """
        if self._shared is not None and self._may_be_asked():
            try:
                state = await _spend(self._shared, budget, holder, cost)
            except StorageError as error:
                if self._away_until_s is None:
                    log.warning("rate_limits_unshared", error=repr(error.storage_error))
                self._away_until_s = self._now_s() + REDIS_PAUSE_S
            else:
                self._away_until_s = None
                return state
        return self._own.spend(budget, holder, cost)

    async def charge(self, budget: Budget, holder: str, cost: int) -> None:
        """Spend the cost of work that is already done, at most the remaining points."""
        state = await self.spend(budget, holder, cost=cost)
        if not state.admitted and (left := math.floor(state.left)) > 0:
            await self.spend(budget, holder, cost=left)

    def _may_be_asked(self) -> bool:
        """Return True if Redis answered last time, or if this request is to try it again."""
        if self._away_until_s is None:
            return True
        now_s = self._now_s()
        if now_s < self._away_until_s:
            return False
        self._away_until_s = now_s + REDIS_PAUSE_S
        return True

    async def close(self) -> None:
        """Close the connections; counts in Redis stay until their window ends."""
        if self._shared is not None and isinstance(self._shared.bridge, RedispyBridge):
            client: Any = self._shared.bridge.get_connection()  # the library's type does not declare how to close it
            await client.aclose()


async def _spend(storage: RedisStorage, budget: Budget, holder: str, cost: int) -> BudgetState:
    item = _item(budget)
    admitted = await SlidingWindowCounterRateLimiter(storage).hit(item, holder, cost=cost)
    window = await storage.get_sliding_window(item.key_for(holder), budget.window_s)
    previous, previous_left_s, current, current_kept_s = window
    # The library keeps a window for twice its length.
    counts = _Counts(previous, previous_left_s, current, max(0.0, current_kept_s - budget.window_s))
    left = budget.requests - counts.weighted(budget.window_s)
    fits_in_s = 0.0 if admitted else counts.fits_in_s(budget, cost)
    return BudgetState(budget, admitted, left, counts.more_in_s(budget.window_s), fits_in_s)


@lru_cache(maxsize=64)
def _item(budget: Budget) -> RateLimitItemPerSecond:
    """Return the library's form of a budget. Cached, because every request spends from one of a few budgets."""
    return RateLimitItemPerSecond(budget.requests, budget.window_s, namespace=budget.name)
