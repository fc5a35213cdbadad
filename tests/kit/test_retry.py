import asyncio

import pytest

from service.kit.retry import with_retries

pytestmark = pytest.mark.virtual_time


class Busy(Exception):  # noqa: N818 - read as a sentence
    pass


def failing(times, failure=Busy):
    """An attempt that fails so many times and then answers how often it ran."""
    ran = 0

    async def attempt():
        nonlocal ran
        ran += 1
        if ran <= times:
            raise failure(ran)
        return ran

    attempt.count = lambda: ran
    return attempt


def is_busy(failure):
    return isinstance(failure, Busy)


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def sleep(pauses):
    async def record(seconds):
        pauses.append(round(seconds * 1000, 6))

    return record


async def test_a_success_needs_no_second_attempt(pauses, sleep):
    assert await with_retries(failing(0), may_retry=is_busy, deadline_ms=1_000, sleep=sleep) == 1
    assert pauses == []


async def test_pauses_double_up_to_the_cap(pauses, sleep):
    options = {"may_retry": is_busy, "deadline_ms": 10_000, "attempts_max": 8, "base_ms": 10, "cap_ms": 100}

    assert await with_retries(failing(6), **options, random=lambda: 1.0, sleep=sleep) == 7
    assert pauses == [10, 20, 40, 80, 100, 100]


async def test_jitter_is_full(pauses, sleep):
    draws = iter([0.0, 0.25, 0.5])

    await with_retries(failing(3), may_retry=is_busy, deadline_ms=10_000, random=lambda: next(draws), sleep=sleep)
    assert pauses == [0, 5, 20]


async def test_the_last_failure_is_raised_when_attempts_run_out(sleep):
    attempt = failing(99)

    with pytest.raises(Busy, match="3"):
        await with_retries(attempt, may_retry=is_busy, deadline_ms=10_000, attempts_max=3, sleep=sleep)
    assert attempt.count() == 3


async def test_a_failure_that_again_would_not_help_is_raised_at_once(pauses, sleep):
    attempt = failing(99, ValueError)

    with pytest.raises(ValueError, match="1"):
        await with_retries(attempt, may_retry=is_busy, deadline_ms=10_000, sleep=sleep)
    assert attempt.count() == 1
    assert pauses == []


async def test_no_pause_and_no_attempt_pass_the_deadline():
    now, began_s = asyncio.get_running_loop().time, []

    async def attempt():
        began_s.append(now())
        raise Busy

    options = {"may_retry": is_busy, "deadline_ms": 250, "attempts_max": 99, "base_ms": 100, "cap_ms": 100}
    with pytest.raises(Busy):
        await with_retries(attempt, **options, random=lambda: 1.0)
    assert began_s == pytest.approx([0, 0.1, 0.2])
    assert now() == pytest.approx(0.2), "the pause that would end at 300 ms is not begun"


async def test_a_deadline_that_is_over_still_allows_the_first_attempt(sleep):
    attempt = failing(1)

    with pytest.raises(Busy, match="1"):
        await with_retries(attempt, may_retry=is_busy, deadline_ms=0, sleep=sleep)
    assert attempt.count() == 1


async def test_cancellation_during_an_attempt_passes_at_once():
    ran = 0

    async def attempt():
        nonlocal ran
        ran += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(with_retries(attempt, may_retry=lambda _: True, deadline_ms=60_000))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ran == 1


async def test_cancellation_during_a_pause_passes_at_once():
    attempt = failing(99)
    options = {"may_retry": is_busy, "deadline_ms": 60_000, "base_ms": 30_000, "cap_ms": 30_000}
    task = asyncio.create_task(with_retries(attempt, **options, random=lambda: 1.0))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert attempt.count() == 1


async def test_many_attempts_do_not_compute_large_numbers(pauses, sleep):
    options = {"may_retry": is_busy, "deadline_ms": 60_000, "attempts_max": 2_000}

    assert await with_retries(failing(1_500), **options, random=lambda: 1.0, sleep=sleep) == 1_501
    assert max(pauses) == 500
