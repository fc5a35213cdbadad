"""Knows what a resolver's arguments will be: a constant, a look-up of variables, or graphql-core's own coercion.

It must not know how the resolver is called. Whatever graphql-core would refuse raises its own error here.
"""

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import strawberry
from graphql import (
    ArgumentNode,
    GraphQLArgument,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
    is_enum_type,
    is_non_null_type,
    is_scalar_type,
    is_specified_scalar_type,
)
from graphql.execution.values import coerce_argument
from strawberry.relay import GlobalID
from strawberry.types.arguments import StrawberryArgument, convert_arguments
from strawberry.types.base import StrawberryMaybe, StrawberryOptional

from service.api.graphql.plans.info import Run, Site

Keywords = dict[str, Any]

_IMMUTABLE = (
    type(None),
    bool,
    int,
    float,
    str,
    bytes,
    decimal.Decimal,
    dt.date,
    dt.time,
    uuid.UUID,
    enum.Enum,
)


class Arguments(NamedTuple):
    """Keyword arguments of a site: `constant`, or made by `of` for each request, or for each call if not `shared`."""

    constant: Keywords | None
    of: Callable[[Run], Keywords] | None
    shared: bool


def arguments_of(schema: strawberry.Schema, site: Site, *, converted: bool) -> Arguments:
    """The arguments as the Python resolver takes them, or unconverted, as Strawberry's wrapper takes them.

    Raises graphql-core's error if the document gives an argument that can never be coerced.
    """
    definitions = site.definition.args
    if not definitions:
        return Arguments({}, None, shared=True)
    slow = _coercion(schema, site, converted=converted)
    given = {node.name.value: node for node in site.nodes[0].arguments or ()}
    variable = {name: node for name, node in given.items() if _uses_variables(node.value)}
    plain = all(_is_plain(definitions[name], node, converted=converted) for name, node in variable.items())
    if not plain:
        return Arguments(None, slow, shared=False)
    coerced: Keywords = {}
    for name, definition in definitions.items():
        if name not in variable:
            coerce_argument(coerced, site.nodes[0], name, definition, given.get(name), None, None)
    constants = _convert(schema, site, coerced, None) if converted else coerced
    if not all(isinstance(value, _IMMUTABLE) for value in constants.values()):
        return Arguments(None, slow, shared=False)
    if not variable:
        return Arguments(constants, None, shared=True)
    return Arguments(None, _look_up(site, constants, variable, slow, converted=converted), shared=True)


def _coercion(schema: strawberry.Schema, site: Site, *, converted: bool) -> Callable[[Run], Keywords]:
    definition, node = site.definition, site.nodes[0]

    def coerce(run: Run) -> Keywords:
        coerced = get_argument_values(definition, node, run.variables)
        return _convert(schema, site, coerced, run) if converted else coerced

    return coerce


def _look_up(
    site: Site,
    constants: Keywords,
    variable: dict[str, ArgumentNode],
    slow: Callable[[Run], Keywords],
    *,
    converted: bool,
) -> Callable[[Run], Keywords]:
    """Reads variables of plain types where graphql-core has coerced them; absent and null ones are left to it."""
    names = []
    for name, node in variable.items():
        argument: StrawberryArgument = site.definition.args[name].extensions["strawberry-definition"]
        if isinstance(node.value, VariableNode):
            names.append((argument.python_name if converted else name, node.value.name.value))

    def look_up(run: Run) -> Keywords:
        given = run.variables.coerced
        keywords = dict(constants)
        for keyword, name in names:
            value = given.get(name)
            if value is None:
                return slow(run)
            keywords[keyword] = value
        return keywords

    return look_up


def _convert(schema: strawberry.Schema, site: Site, coerced: Keywords, run: Run | None) -> Keywords:
    return convert_arguments(
        coerced,
        site.field.arguments,
        scalar_registry=schema.schema_converter.scalar_registry,
        config=schema.config,
        info=None if run is None else run.info(site),
    )


def _is_plain(definition: GraphQLArgument, node: ArgumentNode, *, converted: bool) -> bool:
    """Whether the argument is just a variable of one immutable value, which Strawberry does not convert."""
    type_ = definition.type.of_type if is_non_null_type(definition.type) else definition.type
    argument = definition.extensions.get("strawberry-definition")
    if not isinstance(node.value, VariableNode) or not isinstance(argument, StrawberryArgument):
        return False
    if not is_enum_type(type_) and not (is_scalar_type(type_) and is_specified_scalar_type(type_)):
        return False
    wanted = argument.type
    if isinstance(wanted, StrawberryMaybe):
        return False
    inner = wanted.of_type if isinstance(wanted, StrawberryOptional) else wanted
    return not converted or inner is not GlobalID


def _uses_variables(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, ListValueNode):
        return any(_uses_variables(value) for value in node.values)
    if isinstance(node, ObjectValueNode):
        return any(_uses_variables(field.value) for field in node.fields)
    return False
