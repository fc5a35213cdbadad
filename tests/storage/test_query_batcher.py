"""Queries of one text that wait together are one statement, and nobody notices but by its speed."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from service.storage.database import Database
from service.storage.engines import query_batcher
from service.storage.engines.query_batcher import GROUP_MAX, QueryBatcher
from service.storage.failures import DatabaseDefect
from tests.waiting import PATIENT

BELOW = "SELECT number, word FROM scratch WHERE number < $1 AND word <> $2 ORDER BY number DESC LIMIT 3"
PAUSE = "SELECT $1::int, pg_sleep($1)"
QUOTIENT = "SELECT 12 / $1::int"


class Recorded:
    """Asks the real database, and remembers how."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked: list[tuple[str, int]] = []

    async def fetch(self, sql: str, parameters: Sequence[object]) -> Any:
        self.asked.append((sql, len(parameters)))
        return await self._database.reader.fetch(sql, *parameters)

    @property
    def sizes(self) -> list[int]:
        """How many went together, statement by statement."""
        return [sql.count(" UNION ALL ") + 1 for sql, _ in self.asked]


@pytest.fixture
async def database(postgresql_copy_url: str) -> AsyncIterator[Database]:
    database = await Database.open(postgresql_copy_url, **PATIENT)
    async with database.transaction() as statements:
        await statements.execute("CREATE TABLE scratch (number INTEGER PRIMARY KEY, word TEXT NOT NULL)")
        await statements.execute("INSERT INTO scratch SELECT n, 'word ' || n FROM generate_series(0, 99) n")
    yield database
    await database.close()


@pytest.fixture
def recorded(database: Database) -> Recorded:
    return Recorded(database)


@pytest.fixture
def reads(recorded: Recorded) -> QueryBatcher:
    return QueryBatcher(recorded.fetch, connections=16)


def below(number: int, but: str = "") -> list[tuple[int, str]]:
    rows = [(each, f"word {each}") for each in range(min(number, 100) - 1, -1, -1)]
    return [row for row in rows if row[1] != but][:3]


async def test_one_alone_is_asked_as_it_is(reads: QueryBatcher, recorded: Recorded):
    assert await reads.fetch(BELOW, [7, "word 5"]) == [(6, "word 6"), (4, "word 4"), (3, "word 3")]
    assert recorded.asked == [(BELOW, 2)]


async def test_those_that_come_in_one_turn_are_one_statement(reads: QueryBatcher, recorded: Recorded):
    numbers = [50, 0, 7, 7]
    found = await asyncio.gather(*(reads.fetch(BELOW, [number, "word 5"]) for number in numbers))

    assert found == [below(number, "word 5") for number in numbers]
    assert recorded.sizes == [4]


async def test_those_that_come_meanwhile_share_the_next(reads: QueryBatcher, recorded: Recorded):
    first = asyncio.ensure_future(reads.fetch(BELOW, [9, ""]))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(reads.fetch(BELOW, [number, ""])) for number in (3, 4)]

    assert (await first, await asyncio.gather(*others)) == (below(9), [below(3), below(4)])
    assert recorded.sizes == [1, 2]


async def test_another_text_goes_by_itself(reads: QueryBatcher, recorded: Recorded):
    found = await asyncio.gather(reads.fetch(BELOW, [2, ""]), reads.fetch(QUOTIENT, [3]))

    assert found == [below(2), [(4,)]]
    assert sorted(recorded.asked) == [(QUOTIENT, 1), (BELOW, 2)]


async def test_a_crowd_goes_in_groups_of_few_sizes(reads: QueryBatcher, recorded: Recorded):
    found = await asyncio.gather(*(reads.fetch(BELOW, [number, ""]) for number in range(3 * GROUP_MAX + 7)))

    assert found == [below(number) for number in range(3 * GROUP_MAX + 7)]
    assert recorded.sizes == [GROUP_MAX, GROUP_MAX, GROUP_MAX, 4, 2, 1]


async def test_nobody_is_told_anything_older_than_the_question(database: Database, reads: QueryBatcher):
    early = [asyncio.ensure_future(reads.fetch(BELOW, [1, ""])) for _ in range(3)]
    await asyncio.sleep(0)
    async with database.transaction() as statements:
        await statements.execute("UPDATE scratch SET word = 'new' WHERE number = 0")
    late = [asyncio.ensure_future(reads.fetch(BELOW, [1, ""])) for _ in range(3)]

    assert await asyncio.gather(*late) == [[(0, "new")]] * 3
    await asyncio.gather(*early)


async def test_one_that_fails_fails_alone(reads: QueryBatcher, recorded: Recorded):
    outcomes = await asyncio.gather(*(reads.fetch(QUOTIENT, [each]) for each in (1, 0, 6, 2)), return_exceptions=True)

    failure = outcomes.pop(1)
    assert (type(failure), failure.code) == (DatabaseDefect, "22012")
    assert outcomes == [[(12,)], [(2,)], [(6,)]]
    assert recorded.sizes == [4, 1, 1, 1, 1]


async def test_who_asks_for_much_does_not_hold_up_who_asks_for_little(reads: QueryBatcher):
    answered = []

    async def ask(pause_s: int) -> None:
        await reads.fetch(PAUSE, [pause_s])
        answered.append(pause_s)

    slow = asyncio.create_task(ask(2))
    await asyncio.sleep(0.05)
    await asyncio.gather(*(ask(0) for _ in range(2 * GROUP_MAX)))
    assert answered == [0] * 2 * GROUP_MAX
    await slow
    assert answered[-1] == 2


async def test_one_that_is_cancelled_leaves_the_others_their_rows(reads: QueryBatcher, recorded: Recorded):
    asked = [asyncio.ensure_future(reads.fetch(BELOW, [number, ""])) for number in range(4)]
    asked[0].cancel()  # before it was sent
    while not recorded.asked:  # noqa: ASYNC110 - what it waits for is the worker's next turn
        await asyncio.sleep(0)
    asked[2].cancel()  # after

    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(each, asyncio.CancelledError) for each in outcomes] == [True, False, True, False]
    assert (outcomes[1], outcomes[3]) == (below(1), below(3))
    assert recorded.sizes == [3]


async def test_a_thousand_at_random_each_get_their_own(database: Database):
    draw = random.Random(7)

    async def ask(number: int, *, leaves: bool) -> None:
        await asyncio.sleep(draw.random() * 0.2)
        but = f"word {number - 1 - draw.randrange(4)}"
        asked = asyncio.ensure_future(database.reader.fetch_cells(BELOW, number, but))
        if leaves:
            await asyncio.sleep(draw.random() * 0.003)
            asked.cancel()
        found = await asyncio.gather(asked, return_exceptions=True)
        assert found == [below(number, but)] or (leaves and isinstance(found[0], asyncio.CancelledError))

    await asyncio.gather(*(ask(draw.randrange(100), leaves=draw.random() < 0.3) for _ in range(1_000)))


async def test_a_query_text_without_waiting_queries_is_forgotten(reads: QueryBatcher):
    await asyncio.gather(*(reads.fetch(BELOW, [number, ""]) for number in range(20)))
    await asyncio.sleep(0)  # its task ends
    assert reads.texts_asked == 0


async def test_who_asks_as_the_last_is_answered_is_answered_too(reads: QueryBatcher, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(query_batcher, "PATIENCE_S", 60)

    async def one_after_another(number: int) -> None:
        for _ in range(100):
            assert await reads.fetch(BELOW, [number, ""]) == below(number)

    async with asyncio.timeout(30):
        await asyncio.gather(*(one_after_another(number) for number in range(4)))


async def test_a_loop_that_ends_leaves_nobody_waiting(reads: QueryBatcher):
    sent = asyncio.ensure_future(reads.fetch(PAUSE, [2]))
    await asyncio.sleep(0.05)
    waiting = asyncio.ensure_future(reads.fetch(PAUSE, [0]))
    not_begun = asyncio.ensure_future(reads.fetch(QUOTIENT, [1]))
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    outcomes = await asyncio.gather(sent, waiting, not_begun, return_exceptions=True)
    assert [type(each) for each in outcomes] == [asyncio.CancelledError] * 3
    assert reads.texts_asked == 0


@pytest.mark.parametrize("query_batching", [True, False])
async def test_a_setting_decides_if_queries_that_wait_together_are_one_statement(
    postgresql_copy_url: str, query_batching: bool
):
    database = await Database.open(postgresql_copy_url, query_batching=query_batching)
    sent = await asyncio.gather(
        *(database.reader.fetch_cells("SELECT $1::int, current_query()", number) for number in range(4))
    )
    await database.close()
    assert [rows[0][0] for rows in sent] == [0, 1, 2, 3]
    assert {rows[0][1].count(" UNION ALL ") for rows in sent} == ({3} if query_batching else {0})


async def test_a_slow_text_is_asked_alone_and_in_turns(
    reads: QueryBatcher, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(query_batcher, "SLOW_S", 0)
    await reads.fetch(BELOW, [1, ""])

    asked = [reads.fetch(BELOW, [number, ""]) for number in range(8)]
    assert await asyncio.gather(*asked) == [below(number) for number in range(8)]
    assert recorded.sizes == [1] * 9


async def test_queries_that_wait_when_their_text_turns_out_slow_are_asked_alone(
    reads: QueryBatcher, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(query_batcher, "SLOW_S", 0)
    monkeypatch.setattr(query_batcher, "PATIENCE_S", 60)
    first = asyncio.ensure_future(reads.fetch(BELOW, [1, ""]))
    await asyncio.sleep(0)
    waiting = [asyncio.ensure_future(reads.fetch(BELOW, [number, ""])) for number in range(5)]

    assert await asyncio.gather(first, *waiting) == [below(1), *(below(number) for number in range(5))]
    assert recorded.sizes == [1] * 6


async def test_a_text_that_is_fast_again_is_batched_again(
    reads: QueryBatcher, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(query_batcher, "SLOW_S", 0)
        await reads.fetch(BELOW, [1, ""])
    assert reads.is_slow(BELOW)
    monkeypatch.setattr(query_batcher, "SLOW_S", 60)
    await reads.fetch(BELOW, [1, ""])

    await asyncio.gather(*(reads.fetch(BELOW, [number, ""]) for number in range(4)))
    assert recorded.sizes == [1, 1, 4]
