import asyncio

import pytest

from service.kit.deadline import Deadline

pytestmark = pytest.mark.virtual_time


async def under(deadlines, within_s, *, stay_s=1.0):
    with Deadline() as deadline:
        deadlines.append(deadline)
        deadline.set(within_s)
        await asyncio.sleep(stay_s)
    return "done"


async def test_what_ends_in_time_is_left_alone():
    deadlines = []

    assert await under(deadlines, 0.2, stay_s=0.01) == "done"
    await asyncio.sleep(0.25)  # past the time: its task, this one, is not cancelled after the block
    assert not deadlines[0].is_over


async def test_what_does_not_end_in_time_is_cancelled():
    deadlines = []
    began = asyncio.get_running_loop().time()

    with pytest.raises(TimeoutError):
        await under(deadlines, 0.05, stay_s=60)

    assert asyncio.get_running_loop().time() - began == pytest.approx(0.05)
    assert deadlines[0].is_over
    assert asyncio.current_task().cancelling() == 0
    await asyncio.sleep(0)  # nothing of the cancellation is left


async def test_the_time_can_be_moved_and_taken_away():
    with Deadline() as deadline:
        deadline.set(0.02)
        deadline.set(0.2)
        await asyncio.sleep(0.05)
        deadline.set(None)
        await asyncio.sleep(0.25)

    assert not deadline.is_over


async def test_an_error_of_the_block_passes():
    def fails():
        with Deadline() as deadline:
            deadline.set(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()


async def test_a_timeout_inside_is_not_taken_for_its_own():
    with Deadline() as deadline:
        deadline.set(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(1)

    assert not deadline.is_over


async def test_whoever_cancels_the_task_is_obeyed():
    deadlines = []
    task = asyncio.create_task(under(deadlines, 1))
    await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines[0].is_over


async def test_a_cancellation_in_the_turn_in_which_the_time_ends_is_obeyed():
    deadlines = []
    task = asyncio.create_task(under(deadlines, 1))
    await asyncio.sleep(0)
    deadlines[0].end()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_one_inside_another_each_ends_its_own_block():
    deadlines = []

    async def one_inside_another():
        with Deadline() as outer:
            outer.set(0.5)
            with pytest.raises(TimeoutError):
                await under(deadlines, 0.02)
            assert not outer.is_over
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await one_inside_another()
    assert asyncio.current_task().cancelling() == 0


async def test_who_answers_instead_of_ending_keeps_its_answer():
    with Deadline() as deadline:
        deadline.set(0.01)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(1)
        answer = "half done"

    assert (answer, deadline.is_over) == ("half done", True)
    await asyncio.sleep(0)


async def test_each_of_many_ends_at_its_own_time():
    ended = []

    async def until_its_end(number):
        with pytest.raises(TimeoutError):
            await under([], 0.1)
        ended.append(number)

    async def that_leaves():
        await under([], 0.1, stay_s=0.01)

    async def sleeper(number, sleep_s):
        await asyncio.sleep(sleep_s)
        ended.append(f"{number} after {sleep_s}")

    tasks = []
    for number in range(5):
        beside = [sleeper(number, 0.08), until_its_end(number), sleeper(number, 0.12), that_leaves()]
        tasks += [asyncio.create_task(each) for each in beside]
        await asyncio.sleep(0.03)
    await asyncio.gather(*tasks)

    assert [each for each in ended if each in range(5)] == [0, 1, 2, 3, 4]
    for number in range(5):
        assert ended.index(f"{number} after 0.08") < ended.index(number) < ended.index(f"{number} after 0.12")


async def test_a_shorter_one_does_not_wait_for_a_longer_one():
    with Deadline() as longer:
        longer.set(10)
        with pytest.raises(TimeoutError):
            await under([], 0.02)
    assert asyncio.get_running_loop().time() == pytest.approx(0.02)


async def test_one_that_is_set_when_all_others_are_over_ends_too():
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await under([], 0.02)
        await asyncio.sleep(0.03)


def test_each_event_loop_ends_its_own():
    for _ in range(2):
        with asyncio.Runner() as runner, pytest.raises(TimeoutError):
            runner.run(under([], 0.02))


async def test_a_crowd_costs_one_timer(monkeypatch):
    loop = asyncio.get_running_loop()
    timers = []
    real = loop.call_later
    monkeypatch.setattr(loop, "call_later", lambda *args, **options: timers.append(args) or real(*args, **options))

    for _ in range(100):
        with Deadline() as deadline:
            deadline.set(7.5)

    assert [after_s for after_s, _ in timers] == [7.5]
