"""Report of the fields of a schema that a plan reads itself, and of those it leaves to graphql-core with the reason.

Compiles nothing: it asks the functions that the compiler asks.
"""

from collections.abc import Iterable
from inspect import iscoroutinefunction
from typing import NamedTuple

import strawberry
from graphql import GraphQLObjectType, is_object_type

from service.plans.fallback import Uncompilable
from service.plans.fields import Kind, kind_of, obstacle, relay_id_attribute

# Parts of an operation other than fields. A reason means that graphql-core answers the whole operation.
_SHAPES = (
    ("aliases, merged fields, arguments, variables", None),
    ("fragments, named and inline, on objects, interfaces and unions", None),
    ("@skip and @include, with literals or variables", None),
    ("lists of lists, nulls, __typename", None),
    ("mutations", None),
    ("introspection", "graphql-core answers once, and the answer is kept"),
    ("any other directive, @defer and @stream among them", "its meaning is not known to plans"),
    ("variables of fragments", "an experiment of graphql-core"),
    ("subscriptions", "they stream"),
)


class Covered(NamedTuple):
    """A field or shape: `how` a plan does it, or the `reason` it does not."""

    what: str
    how: str | None
    reason: str | None = None


def coverage(schema: strawberry.Schema) -> list[Covered]:
    """Return one line for each shape of operation and for each field of each object type, in the order of the
    schema.
    """
    reason = obstacle(schema)
    if reason is not None:
        return [Covered("every operation", None, reason)]
    types = schema._schema  # noqa: SLF001 - Strawberry has no public name for graphql-core's schema
    lines = [Covered(what, "compiled" if why is None else None, why) for what, why in _SHAPES]
    for type_ in types.type_map.values():
        if is_object_type(type_) and not type_.name.startswith("__"):
            lines += _fields(schema, type_)
    return lines


def report(lines: Iterable[Covered]) -> str:
    """Return the lines as text: `+` for what a plan does, `-` for what it leaves."""
    return "\n".join(
        f"+ {line.what}: {line.how}" if line.reason is None else f"- {line.what}: {line.reason}" for line in lines
    )


def _fields(schema: strawberry.Schema, type_: GraphQLObjectType) -> Iterable[Covered]:
    for name, definition in type_.fields.items():
        what = f"{type_.name}.{name}"
        if iscoroutinefunction(type_.is_type_of):
            yield Covered(what, None, "its type has an asynchronous is_type_of")
            continue
        try:
            kind = kind_of(schema, definition)
        except Uncompilable as reason:
            yield Covered(what, None, str(reason))
        else:
            in_place = kind is Kind.SYNC and relay_id_attribute(type_, definition) is not None
            yield Covered(what, "Relay's id, made in place" if in_place else kind.value)
