"""Conversion of scalar and enum values to JSON: in place if the class is the expected one, else by its own serializer.

Knows nothing of the source of values.
"""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.schema.types import base_scalars
from strawberry.types.scalar import ScalarDefinition

from service.plans.fallback import PlanBailout, abandon
from service.plans.source import Names

Serializer = TypeVar("Serializer", bound=Callable[..., Any])

# For these types a value that passes the test is its own JSON form. `{v}` stands for the first reading of the value,
# which leaves it in `v`.
_OWN_FORM = {
    GraphQLString: "{v}.__class__ is str",
    GraphQLID: "{v}.__class__ is str",
    GraphQLBoolean: "{v}.__class__ is bool",
    GraphQLInt: "{v}.__class__ is int and -2147483648 <= v <= 2147483647",
    # Infinity and NaN are refused by graphql-core; both differ from themselves minus themselves.
    GraphQLFloat: "{v}.__class__ is float and v - v == 0.0",
}
# Strawberry's own scalars, recognised by their serializer: the class they expect and the same work done in place.
_IN_PLACE: dict[Any, tuple[str, type]] = {
    id(base_scalars.DateTimeDefinition): ("v.isoformat()", dt.datetime),
    id(base_scalars.DateDefinition): ("v.isoformat()", dt.date),
    id(base_scalars.TimeDefinition): ("v.isoformat()", dt.time),
    id(base_scalars.DecimalDefinition): ("str(v)", decimal.Decimal),
    id(base_scalars.UUIDDefinition): ("str(v)", uuid.UUID),
}


def serializes_to_itself(*classes: type) -> Callable[[Serializer], Serializer]:
    """Declare that a custom scalar's serializer returns values of exactly these classes unchanged."""

    def declare(serializer: Serializer) -> Serializer:
        serializer.__dict__["serializes_to_itself"] = classes
        return serializer

    return declare


def serializes_at_once(*classes: type) -> Callable[[Serializer], Serializer]:
    """Declare that a custom scalar's serializer, for values of exactly these classes, returns neither null nor an
    awaitable: a plan then calls it directly, without checks.
    """

    def declare(serializer: Serializer) -> Serializer:
        serializer.__dict__["serializes_at_once"] = classes
        return serializer

    return declare


def leaf_expression(type_: GraphQLLeafType, nullable: bool, first: str, names: Names) -> str:
    """Source that completes one value: `first` reads it and leaves it in `v`, which the rest of the source uses."""
    slow = names.add(f"leaf_{type_.name}", completer(type_, nullable=nullable), key=(type_, nullable))
    if isinstance(type_, GraphQLEnumType):
        lookup = names.add(f"names_{type_.name}", _enum_names(type_), key=(type_, "names"))
        odd = f"(None if v is None else {slow}(v))" if nullable else f"{slow}(v)"
        return f"{lookup}.get({first}) or {odd}"
    test = _OWN_FORM.get(type_)
    if test is None:
        definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        in_place = _IN_PLACE.get(id(definition))
        if in_place is not None:
            done, expected = in_place
            expected_name = names.add(expected.__name__, expected, key=expected)
            odd = f"None if v is None else {slow}(v)" if nullable else f"{slow}(v)"
            return f"{done} if {first}.__class__ is {expected_name} else {odd}"
        serializer = definition.serialize if isinstance(definition, ScalarDefinition) else None
        classes = getattr(serializer, "serializes_to_itself", None)
        at_once = getattr(serializer, "serializes_at_once", None)
        if at_once is not None and classes is None:
            print_ = names.add(f"print_{type_.name}", serializer, key=(type_, "print"))
            ready = _is_of(at_once, names, f"classes_{type_.name}").format(v=first)
            odd = f"None if v is None else {slow}(v)" if nullable else f"{slow}(v)"
            return f"{print_}(v) if {ready} else {odd}"
        if classes is None:
            return f"None if {first} is None else {slow}(v)" if nullable else f"{slow}({first})"
        test = _is_of(classes, names, f"own_{type_.name}")
    test = test.format(v=first)
    return f"v if {test} or v is None else {slow}(v)" if nullable else f"v if {test} else {slow}(v)"


def _is_of(classes: tuple[type, ...], names: Names, hint: str) -> str:
    """Return a test of `{v}` for one class, which nearly every scalar has; a test with a set takes twice as long."""
    if len(classes) == 1:
        return "{v}.__class__ is " + names.add(f"class_{classes[0].__name__}", classes[0], key=classes)
    return "{v}.__class__ in " + names.add(hint, frozenset(classes), key=classes)


def completer(type_: GraphQLLeafType, *, nullable: bool) -> Callable[[Any], Any]:
    """Return the function that completes any value of this type, or raises."""
    coerce = type_.coerce_output_value

    def complete(value: Any) -> Any:
        if value is None or value is Undefined:
            if nullable:
                return None
            raise PlanBailout("null where there can be none")
        if isinstance(value, BaseException) or optimized_is_awaitable(value):
            abandon(value)
            raise PlanBailout("an exception or an awaitable in the place of a value")
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise PlanBailout("a serializer that answers null")
        return coerced

    return complete


def _enum_names(type_: GraphQLEnumType) -> dict[Any, str]:
    names: dict[Any, str] = {value.value: name for name, value in type_.values.items()}
    if isinstance(type_, CustomGraphQLEnumType):
        members: Iterable[Any] = type_.wrapped_cls
        for member in members:
            names[member] = type_.coerce_output_value(member)
    return names
