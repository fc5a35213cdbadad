"""The loops: every step is repeated, at once while it finds something to do; one that fails costs only its own turn.

Seen to fail when: an exception ends a loop, a step that found something rests, or one rests for too long or not at all.
"""

import asyncio

import pytest
from structlog.testing import capture_logs

from service.errors import Code, Refused
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.resources import Resources
from service.workers.jobs import Step, steps, working

pytestmark = pytest.mark.virtual_time


@pytest.fixture
def resources() -> Resources:
    """Without a database: the steps here do nothing with it."""
    return Resources(None, system_clock, uuid7)


def test_everything_that_happens_later_is_a_step():
    names = [step.name for step in steps(rest_ms=1, retire_after_ms=0, retire_unpaid=False, public_address="")]

    assert names == [
        "expire_holds",
        "match_backorders",
        "retire_orders",
        "issue_certificates",
        "advance_test_orders",
        "fill_search_keys",
        "refresh_statistics",
        "expire_deliveries",
        "remind_invoices",
        "expire_mails",
        "seal_events",
    ]


async def test_a_step_that_fails_or_is_refused_is_tried_again_and_stops_no_other(resources: Resources):
    turns = {"fails": 0, "refused": 0, "works": 0}

    async def fails(_resources: Resources) -> int:
        turns["fails"] += 1
        raise ZeroDivisionError

    async def refused(_resources: Resources) -> int:
        turns["refused"] += 1
        raise Refused(Code.ORDER_STATE, "The order is retired.")

    async def works(_resources: Resources) -> int:
        turns["works"] += 1
        return 0

    with capture_logs() as logs:
        async with working(resources, [Step(each.__name__, each, 1_000) for each in (fails, refused, works)]):
            await asyncio.sleep(2.5)

    assert turns == {"fails": 3, "refused": 3, "works": 3}
    assert {(entry["event"], entry["step"]) for entry in logs} == {
        ("step_failed", "fails"),
        ("step_refused", "refused"),
    }


async def test_steps_back_off_while_the_database_is_away_and_one_line_tells_it(resources: Resources):
    turns_s: dict[str, list[float]] = {"first": [], "second": []}
    is_away = True

    def step(name: str) -> Step:
        async def run(_resources: Resources) -> int:
            turns_s[name].append(asyncio.get_running_loop().time())
            if is_away:
                raise Refused(Code.UNAVAILABLE, "The database is away.")
            return 0

        return Step(name, run, 500)

    with capture_logs() as logs:
        async with working(resources, [step("first"), step("second")]):
            await asyncio.sleep(15)
            is_away = False
            await asyncio.sleep(4)

    away_s = [0, 0.5, 1.5, 3.5, 7.5, 12.5]
    back_s = [17.5, 18, 18.5]
    assert turns_s == {"first": away_s + back_s, "second": away_s + back_s}
    assert [entry["event"] for entry in logs] == ["steps_wait", "steps_resumed"]


async def test_a_step_that_found_something_goes_on_at_once_and_rests_when_it_did_not(resources: Resources):
    found = [3, 1, 0, 5, 0]
    began_s = []

    async def step(_resources: Resources) -> int:
        began_s.append(asyncio.get_running_loop().time())
        return found[len(began_s) - 1]

    async with working(resources, [Step("step", step, 60_000)]):
        await asyncio.sleep(100)

    assert began_s == [0, 0, 0, 60, 60]


async def test_afterwards_no_step_runs(resources: Resources):
    turns = 0

    async def step(_resources: Resources) -> int:
        nonlocal turns
        turns += 1
        return 0

    async with working(resources, [Step("step", step, 1_000)]):
        await asyncio.sleep(10.5)
    await asyncio.sleep(3_600)

    assert turns == 11
