"""Budgets: so many requests a window and key, in one process, and shared through a real Redis by several."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from service.api.rate_limits import Budget, RateLimits
from service.errors import Code, Refused

HOUR = Budget("test", 5, window_s=3_600)
SPENDER = """
import asyncio, sys
from service.api import rate_limits
rate_limits.REDIS_TIMEOUT_S = 20  # or a busy machine makes each process count by itself
async def main():
    Budget, RateLimits = rate_limits.Budget, rate_limits.RateLimits
    limits = RateLimits(sys.argv[1])
    budget = Budget("shared", 100, window_s=3_600)
    print(sum([(await limits.spend(budget, "key")).admitted for _ in range(80)]))
    await limits.close()
asyncio.run(main())
"""


async def test_a_budget_is_spent_to_the_last_request_and_then_refuses() -> None:
    limits = RateLimits()

    states = [await limits.spend(HOUR, "key") for _ in range(7)]
    await limits.close()

    assert [state.admitted for state in states] == [True] * 5 + [False] * 2
    assert [state.remaining for state in states] == [4, 3, 2, 1, 0, 0, 0]
    assert states[0].headers["RateLimit-Policy"] == '"test";q=5;w=3600'
    assert states[0].headers["RateLimit"].startswith('"test";r=4;t=')
    with pytest.raises(Refused) as caught:
        states[5].refuse_unless_admitted()
    assert caught.value.code is Code.THROTTLED
    assert caught.value.details["retry_after_s"] == states[5].reset_s > 0
    states[4].refuse_unless_admitted()


async def test_each_key_and_each_budget_has_its_own() -> None:
    limits = RateLimits()
    for _ in range(6):
        await limits.spend(HOUR, "greedy")

    assert (await limits.spend(HOUR, "modest")).admitted
    assert (await limits.spend(Budget("other", 5, window_s=3_600), "greedy")).admitted
    assert not (await limits.spend(HOUR, "greedy")).admitted
    await limits.close()


async def test_a_budget_comes_back_with_time() -> None:
    limits, budget = RateLimits(), Budget("fast", 2)
    for _ in range(3):
        await limits.spend(budget, "key")

    await asyncio.sleep(2.05)

    assert (await limits.spend(budget, "key")).admitted
    await limits.close()


async def test_two_processes_share_a_budget_through_redis(redis_url: str) -> None:
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-c", SPENDER, redis_url]
    processes = [
        await asyncio.create_subprocess_exec(*command, cwd=root, stdout=asyncio.subprocess.PIPE) for _ in range(2)
    ]

    admitted = [int((await process.communicate())[0]) for process in processes]

    assert sum(admitted) == 100
    assert max(admitted) <= 80


async def test_without_its_redis_a_process_keeps_count_itself() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        limits = RateLimits(f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        admitted = [(await limits.spend(HOUR, "key")).admitted for _ in range(6)]
        await limits.close()

    assert admitted == [True] * 5 + [False]
