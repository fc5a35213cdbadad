"""Knows what generated code does with the values of one level: take out nulls, open lists, call and await resolvers.

It must not know which field or type the values belong to. Every function keeps order and length, or raises PlanBailout.
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
    """Whether no instance of this class can be awaited, raised, or answer differently from the next one."""
    return (
        not issubclass(cls, (BaseException, GeneratorType, CoroutineType))
        and not hasattr(cls, "__await__")
        and not hasattr(cls, "__getattr__")
        and cls.__getattribute__ in (object.__getattribute__, type.__getattribute__, str.__getattribute__)
    )


def present(values: Values) -> tuple[Values, Values | None]:
    """The values without their nulls, and what `refill` needs to put them back."""
    there = [value for value in values if value is not None]
    return (values, None) if len(there) == len(values) else (there, values)


def refill(completed: Values, holes: Values | None) -> Values:
    """The completed values with the nulls of the raw ones back in their places."""
    if holes is None:
        return completed
    rest = iter(completed)
    return [None if value is None else next(rest) for value in holes]


def items(value: Any) -> Any:
    """The items of a list. An iterator is refused unread: graphql-core may have to read it after all."""
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
    """The items of all lists in a row, and the length of each list."""
    if len(lists) == 1:
        only = list(items(lists[0]))
        return only, [len(only)]
    lists = [items(each) for each in lists]
    return list(chain.from_iterable(lists)), [len(each) for each in lists]


def fold(items: Values, sizes: list[int]) -> Values:
    """The row of completed items cut into lists again."""
    if len(sizes) == 1:
        return [items]
    lists, start = [], 0
    for size in sizes:
        lists.append(items[start : start + size])
        start += size
    return lists


def settled(values: Values) -> Values:
    """The values, none of which can be awaited: a resolver that is not `async` is taken at its word."""
    if any(map(optimized_is_awaitable, values)):
        abandon(*values)
        raise PlanBailout("an awaitable from a resolver that is not async")
    return values


async def called(run: Run, call: Callable[[Any], Any], objects: Values) -> Values:
    """What the resolver answers for each object, awaited where it has to be, all of the level at once."""
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
    """What they come to, all under way at the same time: the last in this task, each other in a task of its own. When
    one fails, or this task is cancelled, the others are cancelled and have ended.
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
    """One result for each object from one call of a batch resolver."""
    results = resolver(list(objects), *info, **arguments)
    if results.__class__ is CoroutineType or optimized_is_awaitable(results):  # it nearly always is one
        results = await results
    results = list(results)
    if len(results) != len(objects):
        raise PlanBailout("a batch resolver with too few or too many results")
    return results


async def kept(run: Run, key: str, call: Callable[[], Any]) -> Any:
    """What the root field of a mutation comes to. It is remembered, so that this call is never made again."""
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
"""What generated code calls, by these names."""
