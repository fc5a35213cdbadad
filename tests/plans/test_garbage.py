"""What a request brought is gone when it is answered: the garbage collector has nothing to do."""

import gc
import weakref
from collections.abc import Iterator
from random import Random

import pytest

from service.plans import PlannedSchema
from tests.plans.library import Context, World, schema


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "text",
    [
        "{ authors { name greeting books { nodes { title author { name } } } } }",
        'mutation { rename(to: {name: "a"}) { author { name greeting } errors { message } } }',
    ],
)
async def test_an_answer_leaves_no_cycles(text: str, uncollected: None):
    plans = PlannedSchema(schema, entries_max=5, bytes_max=5_000_000)
    await plans.execute(text, context=Context(World(Random(1), authors=2), {}))
    context = Context(World(Random(1), authors=2), {})
    alive = weakref.ref(context)

    answer = await plans.execute(text, context=context)
    del context

    assert answer.errors is None
    assert plans.counts["planned"] == 2
    assert alive() is None
