"""Conversion of coerced values to the arguments of resolvers: Strawberry's `convert_argument`, prepared once for a
type.

Knows nothing of the source of values. After any exception here, Strawberry converts the value from the start.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias

import strawberry
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.lazy_type import LazyType

from service.plans.fallback import Uncompilable

Converter: TypeAlias = Callable[[Any], Any] | None
"""A function that converts a value that is not null; None where the value is taken unchanged."""

_CONVERTERS = "plans.converters"  # name of the extension under which a schema stores the converters of its input types


def converter_of(schema: strawberry.Schema, type_: Any, above: tuple[type, ...] = ()) -> Converter:
    """Return the converter of a type that is nested in these input types. Raises Uncompilable for types whose values
    are left to Strawberry: ids that Relay decodes, `Maybe`, and inputs that build themselves.
    """
    if isinstance(type_, LazyType):
        return converter_of(schema, type_.resolve_type(), above)
    if isinstance(type_, StrawberryMaybe) or type_ is GlobalID:
        raise Uncompilable(f"an argument of the type {type_}")
    if isinstance(type_, StrawberryOptional):
        return converter_of(schema, type_.of_type, above)
    if isinstance(type_, StrawberryList):
        return _list(converter_of(schema, type_.of_type, above))
    if isinstance(type_, StrawberryEnumDefinition) or has_enum_definition(type_):
        return None
    if is_scalar(type_, schema.schema_converter.scalar_registry):
        return None
    if not has_object_definition(type_) or type_ in above:
        raise Uncompilable(f"an argument of the type {type_}")
    known = schema._schema.extensions.setdefault(_CONVERTERS, {})  # noqa: SLF001 - Strawberry has no public name for it
    if type_ not in known:
        known[type_] = _object(schema, type_, (*above, type_))
    return known[type_]  # type: ignore[no-any-return]


def _list(convert: Converter) -> Converter:
    if convert is None:
        return list
    return lambda items: [None if item is None else convert(item) for item in items]


def _object(schema: strawberry.Schema, type_: Any, within: tuple[type, ...]) -> Converter:
    definition = type_.__strawberry_definition__
    if definition.from_input is not None or not definition.is_input:
        raise Uncompilable(f"an input that builds itself, {type_}")
    name_of = schema.config.name_converter.from_field
    fields = [
        (
            name_of(field),
            field.python_name,
            converter_of(schema, field.resolve_type(type_definition=definition), within),
        )
        for field in definition.fields
    ]
    missing = dataclasses.MISSING
    optional = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is missing and field.default_factory is missing
    }

    def convert_object(given: Any) -> Any:
        keywords: dict[str, Any] = dict(optional)
        for name, python_name, convert in fields:
            if name in given:
                value = given[name]
                keywords[python_name] = value if convert is None or value is None else convert(value)
        return type_(**keywords)

    return convert_object
