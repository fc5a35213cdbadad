"""Knows how to declare a field that is an attribute further inside its object, such as `row.number`.

It must not know about plans, which read the path and put it into the code that they write.
"""

from keyword import iskeyword
from operator import attrgetter
from typing import Any

import strawberry

from service.api.graphql.plans.columns import needs
from service.api.graphql.plans.fields import PATH


def attribute_field(path: str, type_: Any, *, metadata: dict[str, Any] | None = None, **options: Any) -> Any:
    """A Strawberry field of the type, whose value is the attribute at the end of the path.

    A plan reads it in place, without a call for each object. The column that it needs is the path's last step, unless
    the metadata say otherwise. Other options go to `strawberry.field`. ValueError for what is no path of attributes.
    """
    steps = path.split(".")
    if not all(step.isidentifier() and not iskeyword(step) for step in steps):
        raise ValueError(f"not a path of attributes: {path}")
    read = attrgetter(path)

    def resolve(root: Any) -> Any:
        return read(root)

    # Not as the class's annotation: Strawberry would put annotated fields before those that are methods.
    resolve.__annotations__["return"] = type_
    resolve.__name__ = steps[-1]
    declared = {PATH: path} | needs(steps[-1]) | (metadata or {})
    return strawberry.field(resolver=resolve, metadata=declared, **options)
