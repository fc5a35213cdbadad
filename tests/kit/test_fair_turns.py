"""Turns that callers share: a crowd of one caller waits for itself, and others wait for one of its turns.

Seen to fail when: all wait in one line; a turn that was given to a cancelled task is lost; work of a caller who has
left is done.
"""

import asyncio

import pytest

from service.errors import Code, Refused
from service.kit.fair_turns import FairTurns, WaitingCaller

ANA, BEN, EVE = WaitingCaller("ana"), WaitingCaller("ben"), WaitingCaller("eve")


class Work:
    """Tasks that have their turns one by one, when the test says so."""

    def __init__(self, width: int, each: int) -> None:
        self.turns = FairTurns(width, each)
        self.running: list[str] = []
        self.done: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def begin(self, caller: WaitingCaller, *names: str) -> list["asyncio.Task[None]"]:
        return [asyncio.ensure_future(self._do(caller, name)) for name in names]

    async def _do(self, caller: WaitingCaller, name: str) -> None:
        gate = self.gates[name] = asyncio.Event()
        async with self.turns.turn(caller):
            self.running.append(name)
            try:
                await gate.wait()
            finally:
                self.running.remove(name)
            self.done.append(name)

    async def finish_all(self) -> list[str]:
        """Let whatever runs end, until nothing does; the names in the order in which they ended."""
        await settle()
        while self.running:
            self.gates[self.running[0]].set()
            await settle()
        return self.done


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_second_caller_waits_for_one_turn_of_the_first():
    work = Work(1, 1)
    work.begin(ANA, "a1", "a2", "a3", "a4")
    await settle()
    work.begin(BEN, "b1", "b2")

    assert await work.finish_all() == ["a1", "a2", "b1", "a3", "b2", "a4"]


async def test_three_callers_take_turns():
    work = Work(1, 1)
    work.begin(ANA, *(f"a{number}" for number in range(1, 4)))
    work.begin(BEN, "b1", "b2")
    work.begin(EVE, "e1")

    assert await work.finish_all() == ["a1", "a2", "b1", "e1", "a3", "b2"]


async def test_one_caller_never_has_more_than_its_part_although_turns_are_free():
    work = Work(4, 2)
    work.begin(ANA, "a1", "a2", "a3")
    await settle()
    work.begin(BEN, "b1")
    await settle()

    assert work.running == ["a1", "a2", "b1"]


async def test_a_turn_given_to_a_cancelled_task_goes_to_the_next():
    work = Work(1, 1)
    (first,) = work.begin(ANA, "a1")
    await settle()
    (second,) = work.begin(BEN, "b1")
    (third,) = work.begin(EVE, "e1")
    await settle()
    first.cancel()
    await asyncio.sleep(0)
    second.cancel()
    await settle()

    assert work.running == ["e1"]
    assert (second.cancelled(), third.done()) == (True, False)


async def test_a_waiting_task_that_is_cancelled_is_passed_over():
    work = Work(1, 1)
    work.begin(ANA, "a1")
    await settle()
    waiting = work.begin(BEN, "b1", "b2")
    await settle()
    waiting[0].cancel()

    assert await work.finish_all() == ["a1", "b2"]


async def test_work_of_a_caller_who_has_left_is_not_done():
    work = Work(1, 1)
    left: list[str] = []
    gone = WaitingCaller("gone", lambda: bool(left))
    work.begin(ANA, "a1")
    await settle()
    waiting = work.begin(gone, "g1", "g2")
    work.begin(BEN, "b1")
    await settle()
    left.append("gone")

    assert await work.finish_all() == ["a1", "b1"]
    for task in waiting:
        with pytest.raises(Refused) as refused:
            await task
        assert refused.value.code is Code.UNAVAILABLE


async def test_a_caller_without_turns_is_forgotten():
    work = Work(1, 1)
    work.begin(ANA, "a1", "a2")
    work.begin(BEN, "b1")
    await work.finish_all()

    assert (work.turns._taken, work.turns._line._lines, work.turns._free) == ({}, {}, 1)
