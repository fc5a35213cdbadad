"""Operations of generated code on the values of one level: remove nulls, flatten lists, call and await resolvers.

Knows nothing of the field or type of the values. Every function keeps order and length, or raises PlanBailout.
"""

from asyncio import ensure_future, gather
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import chain
from types import CoroutineType, GeneratorType
from typing import Any, TypeAlias

from graphql.pyutils import is_iterable
from strawberry.execution import optimized_is_awaitable
from strawberry.types import Info

from service.plans.fallback import PlanBailout, abandon
from service.plans.info import Run

Values: TypeAlias = list[Any]


def is_ordinary(cls: type) -> bool:
    """Return True if no instance of this class can be awaited, raised, or differ in its answer from the next one."""
    return (
        not issubclass(cls, (BaseException, GeneratorType, CoroutineType))
        and not hasattr(cls, "__await__")
        and not hasattr(cls, "__getattr__")
        and cls.__getattribute__ in (object.__getattribute__, type.__getattribute__, str.__getattribute__)
    )


def present(values: Values) -> tuple[Values, Values | None]:
    """Return the values without their nulls, and what `refill` needs to put them back."""
    there = [value for value in values if value is not None]
    return (values, None) if len(there) == len(values) else (there, values)


def refill(completed: Values, holes: Values | None) -> Values:
    """Return the completed values with the nulls of the raw ones back in their places."""
    if holes is None:
        return completed
    rest = iter(completed)
    return [None if value is None else next(rest) for value in holes]


def items(value: Any) -> Any:
    """Return the items of a list. An iterator is refused unread, because graphql-core may have to read it after all."""
    if value.__class__ is list or value.__class__ is tuple:
        return value
    if (
        not is_iterable(value)
        or isinstance(value, Iterator)
        or hasattr(value, "__aiter__")
        or optimized_is_awaitable(value)
    ):
        abandon(value)
        raise PlanBailout("a list that is not one")
    return list(value)


def unfold(lists: Values) -> tuple[Values, list[int]]:
    """Return the items of all lists in a row, and the length of each list."""
    if len(lists) == 1:
        only = list(items(lists[0]))
        return only, [len(only)]
    lists = [items(each) for each in lists]
    return list(chain.from_iterable(lists)), [len(each) for each in lists]


def fold(items: Values, sizes: list[int]) -> Values:
    """Cut the row of completed items into lists again."""
    if len(sizes) == 1:
        return [items]
    lists, start = [], 0
    for size in sizes:
        lists.append(items[start : start + size])
        start += size
    return lists


def settled(values: Values) -> Values:
    """Return the values, none of which can be awaited: a resolver that is not `async` is assumed to return no
    awaitable.
    """
    if any(map(optimized_is_awaitable, values)):
        abandon(*values)
        raise PlanBailout("an awaitable from a resolver that is not async")
    return values


async def called(run: Run, call: Callable[[Any], Any], objects: Values) -> Values:
    """Return the resolver's results for each object, all of the level awaited together if they have to be."""
    if len(objects) == 1:
        value = call(objects[0])
        return [await value if value.__class__ is CoroutineType or optimized_is_awaitable(value) else value]
    values: Values = []
    try:
        for each in objects:
            values.append(call(each))
    except BaseException:
        abandon(*values)
        raise
    waiting = [index for index, value in enumerate(values) if optimized_is_awaitable(value)]
    if waiting:
        arrived = await together(run, [values[index] for index in waiting])
        for index, value in zip(waiting, arrived, strict=True):
            values[index] = value
    return values


async def together(run: Run, awaitables: Sequence[Awaitable[Any]]) -> Values:
    """Await the values together: the last in this task, each other in a task of its own. When one fails, or this task
    is cancelled, the others are cancelled and have ended.
    """
    if run.in_turn:
        try:
            return [await each for each in awaitables]
        except BaseException:
            abandon(*awaitables)
            raise
    *others, last = awaitables
    tasks = [ensure_future(each) for each in others]
    try:
        value = await last
        return [*[await task for task in tasks], value]
    except BaseException:
        for task in tasks:
            task.cancel()
        await gather(*tasks, return_exceptions=True)
        raise


async def batched(
    resolver: Callable[..., Any], objects: Values, info: tuple[Info[Any, Any], ...], arguments: dict[str, Any]
) -> Values:
    """Return one result for each object from one call of a batch resolver."""
    results = resolver(list(objects), *info, **arguments)
    if results.__class__ is CoroutineType or optimized_is_awaitable(results):  # it usually is a coroutine
        results = await results
    results = list(results)
    if len(results) != len(objects):
        raise PlanBailout("a batch resolver with too few or too many results")
    return results


async def kept(run: Run, key: str, call: Callable[[], Any]) -> Any:
    """Return the result of the root field of a mutation. It is remembered, so that this call is never made again."""
    try:
        value = call()
        if optimized_is_awaitable(value):
            value = await value
    except Exception as error:
        run.kept[key] = (None, error)
        raise
    run.kept[key] = (value, None)
    return value


FOR_PLANS = (present, refill, items, unfold, fold, settled, called, together, batched, kept)
"""Functions that generated code calls, by these names."""
