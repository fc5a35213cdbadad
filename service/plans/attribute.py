"""Declarations of fields that are made of attributes further inside their object, such as `row.number`.

Knows nothing of plans, which read the paths and put them into the code that they write.
"""

from collections.abc import Callable, Iterable, Mapping
from keyword import iskeyword
from operator import attrgetter
from typing import Any, get_type_hints

import strawberry

from service.plans.columns import needs
from service.plans.fields import MADE, Attribute, Composed, Computed, Made


def attribute_field(path: str, type_: Any, *, metadata: dict[str, Any] | None = None, **options: Any) -> Any:
    """Return a Strawberry field of the type, whose value is the attribute at the end of the path.

    A plan reads it in place, without a call for each object. The column that it needs is the path's last step, unless
    the metadata say otherwise. Other options go to `strawberry.field`. ValueError for an invalid path of attributes.
    """
    read = attrgetter(*_checked([path]))

    def resolve(root: Any) -> Any:
        return read(root)

    return _field(resolve, type_, Attribute(path), metadata, options)


def computed_field(
    compute: Callable[..., Any],
    *paths: str,
    written: type | None = None,
    metadata: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Return a Strawberry field of the type that `compute` is annotated with, made of the attributes at the ends of the
    paths.

    The function needs nothing else and waits for nothing. Columns, options and errors are as with `attribute_field`.

    If it returns a scalar as it is shown, and never null, `written` is the class from which the scalar's serializer
    knows such a value: a plan shows the value itself, and only graphql-core gets one of that class.
    """
    reads = [attrgetter(path) for path in _checked(paths)]

    def resolve(root: Any) -> Any:
        value = compute(*[read(root) for read in reads])
        return value if written is None else written(value)

    made = Computed(compute, paths, is_written=written is not None)
    return _field(resolve, written or get_type_hints(compute)["return"], made, metadata, options)


def composed_field(
    type_: Callable[..., Any],
    parts: Mapping[str, str],
    *,
    nullable: bool = False,
    metadata: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Return a Strawberry field of the object type, whose value is made of `parts`: its arguments, each with the path
    to its attribute. A `nullable` one is null where the first of them is None.

    Each argument becomes the attribute of its name, unchanged: a plan makes no object if all selected fields of it are
    made of its parts. Columns, options and errors are as with `attribute_field`.
    """
    reads = {name: attrgetter(path) for name, path in zip(parts, _checked(parts.values()), strict=True)}

    def resolve(root: Any) -> Any:
        values = {name: read(root) for name, read in reads.items()}
        return None if nullable and next(iter(values.values())) is None else type_(**values)

    shown: Any = type_
    return _field(resolve, shown | None if nullable else shown, Composed(dict(parts)), metadata, options)


def _checked(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        if not all(step.isidentifier() and not iskeyword(step) for step in path.split(".")):
            raise ValueError(f"not a path of attributes: {path}")
    return paths


def _field(
    resolve: Callable[..., Any],
    type_: Any,
    made: Made,
    metadata: dict[str, Any] | None,
    options: dict[str, Any],
) -> Any:
    # Not as the class's annotation: Strawberry would put annotated fields before those that are methods.
    resolve.__annotations__["return"] = type_
    columns = [path.rpartition(".")[2] for path in made.paths]
    declared = {MADE: made} | needs(*columns) | (metadata or {})
    return strawberry.field(resolver=resolve, metadata=declared, **options)
