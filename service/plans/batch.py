"""Declarations of fields that are resolved for many parents at once, and the loader that graphql-core uses for them.

Knows nothing of plans, which read the declaration and call the batch resolver themselves.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import strawberry
from graphql.pyutils import Path
from strawberry.dataloader import DataLoader
from strawberry.execution import optimized_is_awaitable
from strawberry.types import Info
from strawberry.types.fields.resolver import INFO_PARAMSPEC

from service.plans.columns import needs
from service.plans.fields import BATCH
from service.plans.info import PlanResolveInfo

_LOADERS = "batch_loaders"


class Batch(NamedTuple):
    """A batch resolver, with a flag if it asks for `info`."""

    resolver: Callable[..., Any]
    takes_info: bool


def batch_field(
    resolver: Callable[..., Awaitable[Sequence[Any]]],
    *,
    columns: tuple[str, ...] | None = None,
    metadata: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Return a Strawberry field resolved by `async def resolver(parents, [info,] **arguments)`: one result for each
    parent, in order.

    A result that is an exception is raised for its parent alone. The class annotation gives the type; parameters after
    `parents` are the field's arguments, except an annotated `info`, which is that of one of the parents. A result must
    depend on its own parent and the arguments only, because any parents may come together. `columns` are those of the
    parent that the resolver reads; other options go to `strawberry.field`.
    """
    parameters = list(inspect.signature(resolver, eval_str=True).parameters.values())
    info = next((each for each in parameters[1:] if INFO_PARAMSPEC.is_reserved_type(each.annotation)), None)
    batch = Batch(resolver, takes_info=info is not None)

    async def resolve(root: Any, info: Info, **arguments: Any) -> Any:
        return await _loader(batch, info, arguments).load(root)

    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    given = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters[1:] if each is not info]
    resolve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter("root", positional), inspect.Parameter("info", positional, annotation=Info), *given]
    )
    resolve.__name__, resolve.__module__ = resolver.__name__, resolver.__module__
    declared = {BATCH: batch} | (needs(*columns) if columns is not None else {}) | (metadata or {})
    return strawberry.field(resolver=resolve, metadata=declared, **options)


def _loader(batch: Batch, info: Info[Any, Any], arguments: dict[str, Any]) -> DataLoader[Any, Any]:
    """Return the loader that collects parents of this field in this execution.

    It belongs to the executor, which lives as long as the operation; the context may serve a whole WebSocket. It keeps
    no results and is dropped when it is dispatched, so that no event of a subscription sees another's.
    """
    raw: Any = info._raw_info  # noqa: SLF001 - only there is the execution to be found
    loaders: dict[Any, DataLoader[Any, Any]] = raw.async_helpers.gather.__self__.__dict__.setdefault(_LOADERS, {})
    # A plan comes here for a batch field that has extensions too; it knows the site, but not every path.
    place = raw.site if isinstance(raw, PlanResolveInfo) else _place(raw.path)
    loader = loaders.get(place)
    if loader is None:

        async def load(parents: list[Any]) -> Sequence[Any]:
            loaders.pop(place, None)
            results = batch.resolver(parents, *([info] if batch.takes_info else []), **arguments)
            return list(await results if optimized_is_awaitable(results) else results)

        loader = loaders[place] = DataLoader(load, cache=False)
    return loader


def _place(path: Path | None) -> tuple[tuple[str, str | None], ...]:
    """Return the response keys and object types from the root to this field: the same for every position in a list."""
    steps = []
    while path is not None:
        if isinstance(path.key, str):
            steps.append((path.key, path.typename))
        path = path.prev
    return tuple(steps)
