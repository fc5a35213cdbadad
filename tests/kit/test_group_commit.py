import asyncio
import contextvars
import gc
import random

import pytest

from service.errors import Code, Refused
from service.kit.group_commit import GroupCommit

pytestmark = pytest.mark.virtual_time


class Broken(Exception):  # noqa: N818 - read as a sentence
    pass


class Store:
    """Runs commands like a database would: counts what ran, waits when told to, refuses and fails on demand."""

    def __init__(self):
        self.groups = []
        self.singles = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failing_groups = set()  # commands that break any group they are in
        self.failing_singles = set()
        self.refused = set()
        self.single_s = {}
        self.left_ms = {}

    def result(self, command):
        return Refused(Code.INSUFFICIENT_CREDITS, str(command)) if command in self.refused else f"done {command}"

    async def run_group(self, commands):
        self.groups.append(list(commands))
        await self.gate.wait()
        if self.failing_groups.intersection(commands):
            raise Broken("group")
        return [self.result(command) for command in commands]

    async def run_single(self, command, left_ms):
        self.singles.append(command)
        self.left_ms[command] = left_ms
        await asyncio.sleep(self.single_s.get(command, 0))
        if command in self.failing_singles:
            raise Broken(command)
        return self.result(command)


@pytest.fixture
async def store():
    return Store()


def submit(commits, *commands):
    return [asyncio.create_task(commits.submit(command)) for command in commands]


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def answers(tasks, within_s=5):
    return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), within_s)


def is_unavailable(answer):
    return isinstance(answer, Refused) and answer.code is Code.UNAVAILABLE


async def test_what_waits_and_what_ran_is_counted(store):
    commits = GroupCommit(store.run_group, store.run_single)
    assert (commits.waiting, commits.longest_wait_s) == (0, 0.0)
    store.gate.clear()
    running = submit(commits, "a")
    await turns()
    waiting = submit(commits, "b", "c", "d")
    await turns()
    await asyncio.sleep(3)
    assert (commits.waiting, round(commits.longest_wait_s, 3)) == (3, 3.0)

    store.failing_groups = {"c"}
    store.gate.set()
    await answers([*running, *waiting])
    assert (commits.waiting, commits.longest_wait_s, commits.retried) == (0, 0.0, 3)
    assert dict(commits.sizes.cumulative()) | {"1": 1, "2": 1, "4": 2, "+Inf": 2} == dict(commits.sizes.cumulative())
    assert commits.sizes.total == 4


async def test_a_lone_command_runs_at_once(store):
    commits = GroupCommit(store.run_group, store.run_single)
    (lone,) = submit(commits, "a")
    await turns()

    assert lone.result() == "done a"
    assert store.groups == [["a"]]


async def test_commands_that_wait_meanwhile_form_the_next_groups_in_order(store):
    commits = GroupCommit(store.run_group, store.run_single, size_max=3)
    store.gate.clear()
    tasks = submit(commits, 0)
    await turns()
    tasks += submit(commits, *range(1, 8))
    await turns()
    store.gate.set()

    assert await answers(tasks) == [f"done {n}" for n in range(8)]
    assert store.groups == [[0], [1, 2, 3], [4, 5, 6], [7]]
    assert store.singles == []


async def test_commands_of_one_turn_of_the_loop_share_a_group(store):
    commits = GroupCommit(store.run_group, store.run_single)

    await answers(submit(commits, *range(10)))
    assert store.groups == [list(range(10))]


async def test_at_most_so_many_writers_run_at_once(store):
    commits = GroupCommit(store.run_group, store.run_single, size_max=1, writers=2)
    store.gate.clear()
    tasks = submit(commits, *range(5))
    await turns()

    assert store.groups == [[0], [1]]
    store.gate.set()
    assert await answers(tasks) == [f"done {n}" for n in range(5)]


async def test_a_refusal_reaches_its_own_caller_and_no_other(store):
    commits = GroupCommit(store.run_group, store.run_single)
    store.refused = {2}

    first, second, third = await answers(submit(commits, 1, 2, 3))
    assert (first, third) == ("done 1", "done 3")
    assert (second.code, second.message) == (Code.INSUFFICIENT_CREDITS, "2")
    assert store.groups == [[1, 2, 3]]
    assert store.singles == []


async def test_a_group_that_fails_runs_singly_and_each_gets_its_own_answer(store):
    commits = GroupCommit(store.run_group, store.run_single)
    store.failing_groups, store.failing_singles, store.refused = {2}, {2}, {3}

    first, second, third, fourth = await answers(submit(commits, 1, 2, 3, 4))
    assert (first, fourth) == ("done 1", "done 4")
    assert isinstance(second, Broken)
    assert third.code is Code.INSUFFICIENT_CREDITS
    assert sorted(store.singles) == [1, 2, 3, 4]


async def test_a_group_that_fails_before_it_can_be_awaited_runs_singly(store):
    def run_group(commands):
        raise Broken("no coroutine")

    commits = GroupCommit(run_group, store.run_single)

    assert await commits.submit(1) == "done 1"


async def test_a_driver_that_cancels_itself_is_a_failure_like_any_other(store):
    async def run_group(commands):
        raise asyncio.CancelledError

    commits = GroupCommit(run_group, store.run_single)
    assert await commits.submit(1) == "done 1"

    async def run_single(command, _left_ms):
        raise asyncio.CancelledError

    alone = GroupCommit(run_group, run_single)
    (answer,) = await answers(submit(alone, 1))
    assert is_unavailable(answer)


async def test_slow_singles_hold_neither_their_neighbours_nor_the_next_groups(store):
    commits = GroupCommit(store.run_group, store.run_single, singles_max=3)
    store.failing_groups = {1}
    store.single_s = {1: 1, 2: 1}
    slow = submit(commits, 1, 2)
    quick = submit(commits, *range(3, 20))
    await turns()
    late = submit(commits, "late")

    assert await answers(quick + late) == [f"done {n}" for n in [*range(3, 20), "late"]]
    assert not any(task.done() for task in slow)
    assert await answers(slow) == ["done 1", "done 2"]


async def test_at_most_so_many_run_singly_at_once(store):
    running = most = 0

    async def run_single(command, _left_ms):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    commits = GroupCommit(store.run_group, run_single, singles_max=4)
    store.failing_groups = set(range(30))

    await answers(submit(commits, *range(30)))
    assert most == 4


async def test_who_finds_no_turn_to_run_singly_in_time_is_refused(store):
    commits = GroupCommit(store.run_group, store.run_single, singles_max=1, single_wait_ms=50)
    store.failing_groups = {1}
    store.single_s = {1: 0.1}

    first, *others = await answers(submit(commits, 1, 2, 3))
    assert first == "done 1"
    assert all(is_unavailable(answer) for answer in others)
    assert store.singles == [1]


async def test_a_command_that_runs_singly_keeps_the_deadline_of_its_caller(store):
    commits = GroupCommit(store.run_group, store.run_single, singles_max=1, answer_within_ms=1_000)
    store.failing_groups = {1}
    store.gate.clear()
    store.single_s = {1: 0.5, 2: 0.5}
    submitted = submit(commits, 1), submit(commits, 2), submit(commits, 3)
    await asyncio.sleep(0.3)
    store.failing_groups = {1, 2, 3}
    store.gate.set()

    (first,), (second,), (third,) = [await answers(each) for each in submitted]
    assert (first, second, is_unavailable(third)) == ("done 1", "done 2", True)
    assert store.left_ms == {1: 700, 2: 200}, "what the group and the command before have left of a second"


@pytest.mark.parametrize("results", [[], ["only one"], ["a", "b", "c"], None, 5])
async def test_a_group_that_miscounts_its_answers_is_a_fault_of_each_member(store, results):
    async def run_group(commands):
        return results

    commits = GroupCommit(run_group, store.run_single)

    first, second = await answers(submit(commits, 1, 2))
    assert (type(first), type(second)) == (RuntimeError, RuntimeError)
    assert first is not second, "one traceback each"
    assert store.singles == [], "the group may have committed"


async def test_a_full_queue_refuses(store):
    commits = GroupCommit(store.run_group, store.run_single, size_max=1, queue_max=2)
    store.gate.clear()
    running = submit(commits, 0)
    await turns()
    waiting = submit(commits, 1, 2)
    await turns()

    with pytest.raises(Refused) as refused:
        await commits.submit(3)
    assert refused.value.code is Code.UNAVAILABLE
    store.gate.set()
    assert await answers(running + waiting) == ["done 0", "done 1", "done 2"]
    assert store.groups == [[0], [1], [2]]


async def test_those_who_wait_to_run_singly_count_as_waiting(store):
    commits = GroupCommit(store.run_group, store.run_single, queue_max=2, singles_max=1)
    store.failing_groups, store.single_s = {1}, {1: 0.5}
    tasks = submit(commits, 1)
    await turns()
    tasks += submit(commits, 1, 2)
    await turns()

    with pytest.raises(Refused):
        await commits.submit(3)
    assert await answers(tasks) == ["done 1", "done 1", "done 2"]


async def test_a_cancelled_caller_takes_back_a_command_that_waits(store):
    commits = GroupCommit(store.run_group, store.run_single, queue_max=2)
    store.gate.clear()
    first = submit(commits, 0)
    await turns()
    waiting = submit(commits, 1, 2)
    await turns()
    waiting[0].cancel()
    await turns()
    replacing = submit(commits, 3)
    await turns()
    store.gate.set()

    assert await answers(first + waiting[1:] + replacing) == ["done 0", "done 2", "done 3"]
    assert waiting[0].cancelled()
    assert store.groups == [[0], [2, 3]]


async def test_a_caller_cancelled_in_the_turn_its_command_is_taken_takes_it_back(store):
    commits = GroupCommit(store.run_group, store.run_single)
    task = submit(commits, 0)[0]
    await asyncio.sleep(0)  # the command waits, its writer has not begun
    task.cancel()
    await turns()

    assert task.cancelled()
    assert store.groups == []


async def test_a_command_that_was_taken_goes_on_without_its_caller(store):
    commits = GroupCommit(store.run_group, store.run_single)
    store.gate.clear()
    tasks = submit(commits, 0, 1)
    await turns()
    tasks[0].cancel()
    await turns()
    store.gate.set()

    assert await tasks[1] == "done 1"
    assert tasks[0].cancelled()
    assert store.groups == [[0, 1]]


async def test_a_command_of_a_failed_group_goes_on_singly_without_its_caller(store):
    commits = GroupCommit(store.run_group, store.run_single)
    store.gate.clear()
    store.failing_groups = {1}
    tasks = submit(commits, 0, 1)
    await turns()
    tasks[0].cancel()
    await turns()
    store.gate.set()

    assert await tasks[1] == "done 1"
    assert sorted(store.singles) == [0, 1]


async def test_nobody_is_told_of_a_failure_whose_caller_has_gone(store):
    reports = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    commits = GroupCommit(store.run_group, store.run_single)
    store.failing_groups, store.failing_singles, store.single_s = {1}, {1}, {1: 0.01}
    task = submit(commits, 1)[0]
    await turns()
    task.cancel()
    await asyncio.sleep(0.05)
    gc.collect()

    assert store.singles == [1]
    assert reports == []


async def test_closing_finishes_what_waits_and_refuses_what_comes(store):
    commits = GroupCommit(store.run_group, store.run_single, size_max=2)
    store.gate.clear()
    tasks = submit(commits, *range(5))
    await turns()
    closing = asyncio.create_task(commits.close(timeout_ms=2_000))
    await turns()

    with pytest.raises(Refused) as refused:
        await commits.submit("late")
    assert refused.value.code is Code.UNAVAILABLE
    assert not closing.done()
    store.gate.set()
    await asyncio.wait_for(closing, 5)
    assert all(task.done() for task in tasks)
    assert await answers(tasks) == [f"done {n}" for n in range(5)]
    assert store.groups == [[0, 1], [2, 3], [4]]


async def test_closing_late_refuses_who_waits_and_waits_for_who_runs(store):
    commits = GroupCommit(store.run_group, store.run_single, size_max=2)
    store.gate.clear()
    tasks = submit(commits, *range(4))
    await turns()
    closing = asyncio.create_task(commits.close(timeout_ms=20))
    refused = await answers(tasks[2:])

    assert all(is_unavailable(answer) for answer in refused)
    assert not closing.done()
    store.gate.set()
    await asyncio.wait_for(closing, 5)
    assert await answers(tasks[:2]) == ["done 0", "done 1"]
    assert store.groups == [[0, 1]]


async def test_a_group_that_fails_after_the_last_moment_is_refused_not_lost(store):
    commits = GroupCommit(store.run_group, store.run_single)
    store.gate.clear()
    store.failing_groups = {0}
    tasks = submit(commits, 0, 1)
    await turns()
    closing = asyncio.create_task(commits.close(timeout_ms=10))
    await asyncio.sleep(0.03)
    store.gate.set()

    await asyncio.wait_for(closing, 5)
    assert all(is_unavailable(answer) for answer in await answers(tasks))
    assert store.singles == []


async def test_closing_waits_for_singles_too(store):
    commits = GroupCommit(store.run_group, store.run_single)
    store.failing_groups, store.single_s = {0}, {0: 0.05}
    tasks = submit(commits, 0, 1)
    await turns()

    await asyncio.wait_for(commits.close(timeout_ms=1_000), 5)
    assert [task.result() for task in tasks if task.done()] == ["done 0", "done 1"]


async def test_closing_twice_and_idle_is_harmless(store):
    commits = GroupCommit(store.run_group, store.run_single)

    await asyncio.wait_for(asyncio.gather(commits.close(timeout_ms=0), commits.close(timeout_ms=0)), 5)


async def test_a_writer_that_dies_answers_everybody_and_is_replaced(store):
    commits = GroupCommit(store.run_group, store.run_single, size_max=2)
    store.gate.clear()
    tasks = submit(commits, *range(4))
    await turns()
    (writer,) = commits._groups.workers
    writer.cancel()

    assert all(is_unavailable(answer) for answer in await answers(tasks))
    assert store.groups == [[0, 1]]
    store.gate.set()
    assert await asyncio.wait_for(commits.submit("next"), 5) == "done next"


async def test_a_writer_cancelled_before_it_began_answers_everybody(store):
    commits = GroupCommit(store.run_group, store.run_single)
    tasks = submit(commits, 0, 1)
    await asyncio.sleep(0)
    (writer,) = commits._groups.workers
    writer.cancel()

    assert all(is_unavailable(answer) for answer in await answers(tasks))
    assert store.groups == []
    assert await asyncio.wait_for(commits.submit("next"), 5) == "done next"


async def test_writers_do_not_inherit_the_context_of_a_request(store):
    request = contextvars.ContextVar("request", default="none")
    seen = []

    async def run_group(commands):
        seen.append(request.get())
        raise Broken

    async def run_single(command, _left_ms):
        seen.append(request.get())
        return command

    commits = GroupCommit(run_group, run_single)
    request.set("mine")

    assert await commits.submit(1) == 1
    assert seen == ["none", "none"]


@pytest.mark.parametrize("writers", [1, 2])
async def test_a_command_put_while_a_writer_ends_is_not_forgotten(store, writers):
    commits = GroupCommit(store.run_group, store.run_single, writers=writers)

    async def one_after_another(name):
        for number in range(200):
            assert await commits.submit((name, number)) == f"done {(name, number)}"

    await asyncio.wait_for(asyncio.gather(*(one_after_another(name) for name in range(5))), 30)
    assert sum(map(len, store.groups)) == 1_000


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_after_a_thousand_random_cancellations_nothing_ran_twice_and_nobody_waits(seed):
    draw = random.Random(seed)
    ran, committed = {}, set()

    async def run_group(commands):
        for command in commands:
            ran[command] = ran.get(command, 0) + 1
        await asyncio.sleep(draw.random() * 0.003)
        if draw.random() < 0.2:
            for command in commands:  # rolled back
                ran[command] -= 1
            raise Broken
        committed.update(commands)
        return [command if command % 7 else Refused(Code.ORDER_STATE, str(command)) for command in commands]

    async def run_single(command, _left_ms):
        ran[command] = ran.get(command, 0) + 1
        await asyncio.sleep(draw.random() * 0.001)
        committed.add(command)
        return command if command % 7 else Refused(Code.ORDER_STATE, str(command))

    commits = GroupCommit(run_group, run_single, size_max=16, writers=2, queue_max=10_000)
    tasks = {}
    doomed = set(draw.sample(range(3_000), 1_000))

    async def client(command):
        await asyncio.sleep(draw.random() * 0.12)
        tasks[command] = task = asyncio.create_task(commits.submit(command))
        if command in doomed:
            await asyncio.sleep(draw.random() * 0.01)
            task.cancel()

    await asyncio.gather(*(client(command) for command in range(3_000)))
    outcomes = dict(zip(tasks, await answers(tasks.values(), 30), strict=True))
    await asyncio.wait_for(commits.close(timeout_ms=5_000), 30)

    cancelled = {command for command, outcome in outcomes.items() if isinstance(outcome, asyncio.CancelledError)}
    assert 300 < len(cancelled) <= 1_000
    assert cancelled <= doomed
    assert max(ran.values()) == 1
    for command in outcomes.keys() - cancelled:
        answer = outcomes[command]
        assert answer == command if command % 7 else (answer.code, answer.message) == (Code.ORDER_STATE, str(command))
        assert command in committed
    assert any(command not in ran for command in cancelled), "some were taken back"
    assert cancelled & committed, "some went on without their caller"
