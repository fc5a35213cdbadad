"""Look-ups that wait together share a reading, and nobody is told anything older than the question."""

import asyncio
from collections.abc import Collection

import pytest

from service.kit.lookup_batcher import LookupBatcher


class Source:
    """Things by name; a reading waits until it is let go, and then takes what is there."""

    def __init__(self) -> None:
        self.things = {"a": 1, "b": 2}
        self.readings: list[set[str]] = []
        self.gates: list[asyncio.Event] = []

    async def read(self, keys: Collection[str]) -> dict[str, int]:
        self.readings.append(set(keys))
        seen = dict(self.things)
        self.gates.append(asyncio.Event())
        await self.gates[-1].wait()
        return {key: seen[key] for key in keys if key in seen}


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def source() -> Source:
    return Source()


async def test_those_who_wait_share_the_next_reading(source: Source):
    batcher = LookupBatcher(source.read)
    first = asyncio.create_task(batcher.get("a"))
    await turns()
    others = [asyncio.create_task(batcher.get(key)) for key in ("b", "a", "b", "c")]
    await turns()
    source.gates[0].set()
    await turns()
    source.gates[1].set()

    assert (await first, await asyncio.gather(*others)) == (1, [2, 1, 2, None])
    assert source.readings == [{"a"}, {"a", "b", "c"}]


async def test_an_answer_is_never_older_than_its_question(source: Source):
    batcher = LookupBatcher(source.read)
    early = asyncio.create_task(batcher.get("a"))
    await turns()
    source.things["a"] = 10
    late = asyncio.create_task(batcher.get("a"))
    source.gates[0].set()
    await turns()
    source.gates[1].set()

    assert (await early, await late) == (1, 10)


async def test_a_failure_is_for_those_who_shared_it_and_the_next_reads_again():
    readings = []

    async def read(keys: Collection[str]) -> dict[str, int]:
        readings.append(keys)
        if len(readings) == 1:
            raise ConnectionError("away")
        return dict.fromkeys(keys, 5)

    batcher = LookupBatcher(read)
    answers = await asyncio.gather(batcher.get("a"), batcher.get("b"), return_exceptions=True)

    assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError]
    assert await batcher.get("a") == 5


async def test_whoever_is_cancelled_leaves_the_others_their_answer(source: Source):
    batcher = LookupBatcher(source.read)
    gone, stays = asyncio.create_task(batcher.get("a")), asyncio.create_task(batcher.get("b"))
    await turns()
    gone.cancel()
    await turns()
    source.gates[0].set()

    assert await stays == 2
    assert gone.cancelled()
