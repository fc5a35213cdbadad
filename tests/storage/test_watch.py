"""The watch of a database, at its own times: when it counts as away, when as back, and when a write is tried.

Seen to fail when: one failed probe ends the calls that wait; a probe is waited for longer than its time; the return is
looked for once a second only; a write is tried while none has failed.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from service.storage.engines.availability import AWAY, Availability
from service.storage.failures import (
    BROKEN,
    CONFLICT,
    DAMAGED,
    FULL,
    LOST,
    READ_ONLY,
    DatabaseUnavailable,
    Doing,
    Failure,
)
from service.storage.watch import Watch

pytestmark = pytest.mark.virtual_time


class Database:
    """A stand-in for a probed database that answers at once, fails, or never answers, as set by the test."""

    def __init__(self) -> None:
        self.is_lost = self.is_frozen = self.is_full = False
        self.takes_writes = True
        self.asked_s: list[float] = []
        self.asked_afresh: list[bool] = []
        self.written_s: list[float] = []
        self.ended_s: list[float] = []

    async def ask(self, *, afresh: bool) -> bool:
        self.asked_s.append(now_s())
        self.asked_afresh.append(afresh)
        if self.is_lost:
            raise DatabaseUnavailable(LOST)
        if self.is_frozen:
            await asyncio.sleep(3_600)
        return self.takes_writes

    async def close(self) -> None:
        pass

    async def write(self) -> None:
        self.written_s.append(now_s())
        if self.is_full:
            raise DatabaseUnavailable(FULL)

    def end_waiting(self) -> None:
        self.ended_s.append(now_s())


def now_s() -> float:
    return round(asyncio.get_running_loop().time(), 3)


@pytest.fixture
async def database() -> Database:
    return Database()


@pytest.fixture
async def availability(database: Database) -> AsyncIterator[Availability]:
    availability = Availability()
    watch = Watch(database, availability, database.end_waiting, database.write)
    task = asyncio.create_task(watch.run())
    yield availability
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_database_that_answers_is_asked_once_a_second(database: Database, availability: Availability):
    await asyncio.sleep(3.5)
    assert database.asked_s == [1, 2, 3]
    assert (availability.is_ready, availability.is_away) == (True, False)


async def test_a_database_that_does_not_answer_is_not_ready_before_2_s_and_away_before_3(
    database: Database, availability: Availability
):
    await asyncio.sleep(1.001)  # it froze just after it had answered, which is the worst moment
    database.is_frozen = True
    seen = {}
    for at_s in (1.9, 2.001, 2.85, 3.7):
        await asyncio.sleep(at_s - now_s())
        seen[at_s] = (availability.is_ready, availability.is_away)
    assert seen == {1.9: (True, False), 2.001: (True, False), 2.85: (False, False), 3.7: (False, True)}
    assert database.ended_s == [3.65], "2.65 s after it froze"


async def test_a_call_that_failed_makes_the_watch_look_at_once(database: Database, availability: Availability):
    await asyncio.sleep(1.3)
    database.is_lost = True
    availability.note(DatabaseUnavailable(LOST))
    await asyncio.sleep(0.02)
    assert (availability.is_ready, availability.is_away) == (False, False)
    await asyncio.sleep(0.06)
    assert (availability.is_ready, availability.is_away) == (False, True)
    with pytest.raises(DatabaseUnavailable) as refused:
        availability.refuse_if_away()
    assert refused.value.failure is AWAY


async def test_its_return_is_noticed_within_a_second_and_logged_once(database: Database, availability: Availability):
    with capture_logs() as logs:
        database.is_frozen = True
        await asyncio.sleep(10)
        assert availability.is_away
        returned_s = now_s()
        database.is_frozen = False
        while availability.is_away:  # noqa: ASYNC110 - time is virtual
            await asyncio.sleep(0.01)
    assert now_s() - returned_s <= 1, "what is left of a probe's time, and a pause"
    assert availability.is_ready
    assert [line["event"] for line in logs] == ["database_not_ready", "database_ready"]


async def test_one_failed_probe_ends_no_call(database: Database, availability: Availability):
    await asyncio.sleep(0.99)
    database.is_lost = True
    await asyncio.sleep(0.02)
    database.is_lost = False
    assert not availability.is_ready
    await asyncio.sleep(0.1)
    assert availability.is_ready
    assert database.ended_s == []


async def test_a_read_that_the_disk_refused_tries_no_write(database: Database, availability: Availability):
    availability.note(DatabaseUnavailable(BROKEN))
    assert availability.is_ready
    await asyncio.sleep(2.5)
    assert database.written_s == []


async def test_a_server_that_takes_no_writes_is_asked_afresh_until_it_does(
    database: Database, availability: Availability
):
    availability.note(DatabaseUnavailable(READ_ONLY))
    assert not availability.is_ready
    database.takes_writes = False
    await asyncio.sleep(2.5)
    assert not availability.is_ready
    database.takes_writes = True
    await asyncio.sleep(1)
    assert availability.is_ready
    assert database.asked_afresh == [True] * len(database.asked_afresh)
    assert database.written_s == []


@pytest.mark.parametrize("failure", [FULL, BROKEN])
async def test_after_a_write_that_the_disk_refused_one_is_tried_a_second_until_it_succeeds(
    database: Database, availability: Availability, failure: Failure
):
    await asyncio.sleep(2.5)
    assert database.written_s == []
    database.is_full = True
    availability.note(DatabaseUnavailable(failure, Doing.CHANGING))
    await asyncio.sleep(3)
    tries = len(database.written_s)
    assert not availability.is_ready
    assert tries in {3, 4}
    database.is_full = False
    await asyncio.sleep(1.1)
    assert availability.is_ready
    await asyncio.sleep(5)
    assert len(database.written_s) == tries + 1


async def test_damaged_data_are_never_ready_again(availability: Availability):
    availability.note(DatabaseUnavailable(DAMAGED))
    await asyncio.sleep(5)
    assert (availability.is_ready, availability.is_away) == (False, False)


async def test_what_transactions_do_to_each_other_is_no_news(database: Database, availability: Availability):
    for error in (DatabaseUnavailable(CONFLICT), ValueError("x")):
        availability.note(error)
    await asyncio.sleep(0.9)
    assert database.asked_s == []
    assert availability.is_ready
