"""Budgets: so many requests a window and key, in one process, and shared through a real Redis by several."""

import asyncio
import socket
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.api.rate_limits import HOLDERS_MAX, REDIS_PAUSE_S, Budget, RateLimits
from service.errors import Code, Refused
from tests.serving import port_of, serving

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
    assert caught.value.details["retry_after_s"] == states[5].retry_after_s > 0
    states[4].refuse_unless_admitted()


async def test_each_key_and_each_budget_has_its_own() -> None:
    limits = RateLimits()
    for _ in range(6):
        await limits.spend(HOUR, "greedy")

    assert (await limits.spend(HOUR, "modest")).admitted
    assert (await limits.spend(Budget("other", 5, window_s=3_600), "greedy")).admitted
    assert not (await limits.spend(HOUR, "greedy")).admitted
    await limits.close()


async def test_a_budget_is_restored_over_time() -> None:
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


async def test_without_redis_a_process_counts_by_itself() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        limits = RateLimits(f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        admitted = [(await limits.spend(HOUR, "key")).admitted for _ in range(6)]
        await limits.close()

    assert admitted == [True] * 5 + [False]


class Clock:
    """A time that the test sets."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


POINTS = Budget("points", 30_000, window_s=60)


@pytest.mark.parametrize("spent_at_s", [0, 1, 29.5, 59, 59.999])
@pytest.mark.parametrize("spent", [30_000, 29_500, 29_009])
@pytest.mark.parametrize("cost", [1, 992, 30_000])
@pytest.mark.parametrize("waited_s", [0, 0.4, 31, 65.25, 100])
async def test_a_refused_cost_is_admitted_at_the_announced_time_and_not_a_second_earlier(
    spent_at_s: float, spent: int, cost: int, waited_s: float
) -> None:
    clock = Clock(600 + spent_at_s)
    limits = RateLimits(now_s=clock)
    assert (await limits.spend(POINTS, "key", cost=spent)).admitted
    clock.now_s += waited_s
    refused = await limits.spend(POINTS, "key", cost=cost)
    if refused.admitted:
        return
    told_s = refused.retry_after_s

    clock.now_s += told_s - 1
    if told_s > 1:
        assert not (await limits.spend(POINTS, "key", cost=cost)).admitted
    clock.now_s += 1
    assert (await limits.spend(POINTS, "key", cost=cost)).admitted


async def test_after_all_points_of_a_minute_a_large_query_waits_for_more_than_a_second() -> None:
    clock = Clock(600)
    limits = RateLimits(now_s=clock)
    await limits.spend(POINTS, "key", cost=30_000)
    clock.now_s = 660.5

    assert (await limits.spend(POINTS, "key", cost=992)).retry_after_s == 2
    assert (await limits.spend(POINTS, "key", cost=15_000)).retry_after_s == 30


async def test_the_oldest_addresses_are_forgotten_and_active_keys_are_not() -> None:
    clock = Clock(600)
    limits = RateLimits(now_s=clock)
    addresses, keys = Budget("address", 1, window_s=60, unbounded=True), Budget("key", 1, window_s=60)
    for budget in (addresses, keys):
        for number in range(HOLDERS_MAX + 100):
            await limits.spend(budget, str(number))
    tables = limits._own._tables

    assert (len(tables[addresses]), len(tables[keys])) == (HOLDERS_MAX, HOLDERS_MAX + 100)
    assert not (await limits.spend(addresses, str(HOLDERS_MAX))).admitted
    assert not (await limits.spend(keys, "0")).admitted
    clock.now_s += 120
    for number in range(200):
        await limits.spend(keys, f"new {number}")
    assert len(tables[keys]) == HOLDERS_MAX, "what spent nothing for two windows is forgotten"


@asynccontextmanager
async def a_redis_that_does_not_answer():
    """Its address, and the connections that it was asked by."""
    asked = []

    async def never_answer(reader, writer):
        asked.append(writer)
        await reader.read()

    async with serving(never_answer) as server:
        yield f"redis://127.0.0.1:{port_of(server)}/0", asked


async def test_a_redis_that_does_not_answer_is_not_asked_again_during_a_pause() -> None:
    clock = Clock(time.time())
    async with a_redis_that_does_not_answer() as (url, asked):
        limits = RateLimits(url, now_s=clock)
        with capture_logs() as logged:
            assert (await limits.spend(HOUR, "key")).admitted
            tried = len(asked)
            states = [await limits.spend(HOUR, "key") for _ in range(5)]
            assert len(asked) == tried, "nobody waits for it again"
            clock.now_s += REDIS_PAUSE_S
            await asyncio.gather(*(limits.spend(HOUR, "other") for _ in range(5)))
            assert len(asked) == 2 * tried, "one request finds out whether it is back"
        await limits.close()

    assert [state.admitted for state in states] == [True] * 4 + [False]
    assert [line["event"] for line in logged] == ["rate_limits_unshared"]


async def test_a_redis_that_answers_again_is_used_again(redis_url: str) -> None:
    clock = Clock(time.time())
    limits = RateLimits(redis_url, now_s=clock)
    limits._away_until_s = clock.now_s + REDIS_PAUSE_S
    await limits.spend(HOUR, "key", cost=5)
    assert limits._away_until_s is not None
    clock.now_s += REDIS_PAUSE_S

    state = await limits.spend(HOUR, "key", cost=5)
    refused = await limits.spend(HOUR, "key", cost=5)
    await limits.close()

    assert (state.admitted, limits._away_until_s) == (True, None), "Redis has not heard of what was spent before"
    assert (refused.admitted, 3_600 < refused.retry_after_s <= 7_200) == (False, True)
