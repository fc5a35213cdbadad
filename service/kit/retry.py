"""Retries of an attempt whose failure may pass. Does not know which failures those are."""

import asyncio
import random as _random
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def with_retries(
    attempt: Callable[[], Awaitable[T]],
    *,
    may_retry: Callable[[BaseException], bool],
    deadline_ms: int,
    attempts_max: int = 5,
    base_ms: int = 10,
    cap_ms: int = 500,
    random: Callable[[], float] = _random.random,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> T:
    """Return the first success of at most `attempts_max` attempts; otherwise raise the last failure, unchanged.

    Pauses have full jitter: uniform between nothing and `base_ms` doubled per attempt, up to `cap_ms`. No attempt
    begins, and no pause is taken, that would pass `deadline_ms` counted from the call. A running attempt is not cut
    short, because cutting a COMMIT makes its outcome unknown: it has to limit itself. Cancellation passes at once.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + deadline_ms / 1000
    failures = 0
    while True:
        try:
            return await attempt()
        except Exception as failure:
            failures += 1
            # The exponent is bounded, or a large attempts_max would compute astronomically large integers.
            pause_s = random() * min(cap_ms, base_ms << min(failures - 1, 20)) / 1000
            if failures >= attempts_max or not may_retry(failure) or now() + pause_s >= deadline:
                raise
        await sleep(pause_s)
