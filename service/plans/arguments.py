"""Arguments of resolvers in plans: constants, variables and literals, each read in the way its type allows.

Knows nothing of the call of a resolver. Values that graphql-core would refuse raise its own error here.
"""

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import strawberry
from graphql import (
    ArgumentNode,
    GraphQLInputField,
    GraphQLInputType,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_argument_values,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
    is_scalar_type,
    is_specified_scalar_type,
)
from graphql.execution.values import coerce_argument
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry.types.arguments import StrawberryArgument, convert_arguments

from service.plans.conversion import Converter, converter_of
from service.plans.fallback import PlanBailout, Uncompilable
from service.plans.info import Run, Site

Keywords: TypeAlias = dict[str, Any]
Reader: TypeAlias = Callable[[Run], Any]
"""A function that returns the value of an argument in this request, Undefined if it has none. Any exception it raises
leaves the arguments to graphql-core.
"""

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
    """Return the arguments as the Python resolver takes them, or unconverted, as Strawberry's wrapper takes them.

    Raises graphql-core's error if the document gives an argument that can never be coerced.
    """
    compiled = _Compiled(schema, site, converted=converted)
    given = {node.name.value: node for node in site.nodes[0].arguments or ()}
    try:
        for name in site.definition.args:
            compiled.add(name, given.get(name))
    except Uncompilable:
        return Arguments(None, compiled.by_graphql_core, shared=False)
    if not compiled.readers:
        return Arguments(compiled.constants, None, shared=True)
    return Arguments(None, compiled, shared=compiled.shared)


class _Compiled:
    """Maker of the keyword arguments of a site. In unusual cases graphql-core and Strawberry make all of them."""

    def __init__(self, schema: strawberry.Schema, site: Site, *, converted: bool) -> None:
        self.constants: Keywords = {}
        self.readers: list[tuple[str, Reader]] = []
        self.shared = True
        self._schema = schema
        self._site = site
        self._converted = converted

    def __call__(self, run: Run) -> Keywords:
        keywords = dict(self.constants)
        try:
            for keyword, read in self.readers:
                value = read(run)
                if value is not Undefined:
                    keywords[keyword] = value
        except Exception:  # noqa: BLE001 - whatever it is, it is met again and worded below
            keywords = None  # type: ignore[assignment]
        # Outside the handler, so that exceptions do not have the handled one as their context.
        return self.by_graphql_core(run) if keywords is None else keywords

    def by_graphql_core(self, run: Run) -> Keywords:
        return self._strawberry(get_argument_values(self._site.definition, self._site.nodes[0], run.variables), run)

    def add(self, name: str, node: ArgumentNode | None) -> None:
        """Add the argument as a constant or a reader. Raises Uncompilable if its site is to be left to graphql-core."""
        if node is None or not _uses_variables(node.value):
            constant = self._constant(name, node)
            if all(isinstance(value, _IMMUTABLE) for value in constant.values()):
                self.constants |= constant
                return
        definition = self._site.definition.args[name]
        argument = definition.extensions.get("strawberry-definition")
        if node is None or not isinstance(argument, StrawberryArgument):
            raise Uncompilable("an argument that Strawberry did not make, or a default that could be changed")
        convert = converter_of(self._schema, argument.type) if self._converted else None
        if isinstance(node.value, VariableNode):
            absent = _LEFT if is_required_argument(definition) else self._default(name)
            read = _of_variable(node.value.name.value, definition.type, convert, absent)
            self.shared &= convert is None and _is_immutable(definition.type)
        else:
            read = _of_literal(node.value, definition.type, convert)
            self.shared = False
        self.readers.append((argument.python_name if self._converted else name, read))

    def _constant(self, name: str, node: ArgumentNode | None) -> Keywords:
        coerced: Keywords = {}
        site = self._site
        coerce_argument(coerced, site.nodes[0], name, site.definition.args[name], node, None, None)
        try:
            return self._strawberry(coerced, None)
        except Exception as error:
            raise Uncompilable("an argument that Strawberry refuses") from error

    def _default(self, name: str) -> Any:
        (value,) = self._constant(name, None).values() or (Undefined,)
        return value if value is Undefined or isinstance(value, _IMMUTABLE) else _LEFT

    def _strawberry(self, coerced: Keywords, run: Run | None) -> Keywords:
        if not self._converted:
            return coerced
        return convert_arguments(
            coerced,
            self._site.field.arguments,
            scalar_registry=self._schema.schema_converter.scalar_registry,
            config=self._schema.config,
            info=None if run is None else run.info(self._site),
        )


_LEFT = object()  # placeholder for a value: graphql-core must compute the arguments


def _of_variable(name: str, type_: GraphQLInputType, convert: Converter, absent: Any) -> Reader:
    nullable = not is_non_null_type(type_)

    def read(run: Run) -> Any:
        value = run.variables.coerced.get(name, absent)
        if value is None and nullable:
            return None
        if value is None or value is _LEFT:
            raise PlanBailout("an argument without a value")
        return value if convert is None or value is absent else convert(value)

    return read


def _of_literal(node: ValueNode, type_: GraphQLInputType, convert: Converter) -> Reader:
    coerced = _of_object(node, type_) or (lambda run: coerce_input_literal(node, type_, run.variables))

    def read(run: Run) -> Any:
        value = coerced(run)
        if value is Undefined:
            raise PlanBailout("a literal with a variable that does not suit it")
        return value if convert is None or value is None else convert(value)

    return read


def _of_object(node: ValueNode, type_: GraphQLInputType) -> Reader | None:
    """Return a function that coerces an input object whose fields are variables and constants, None for any other
    literal.
    """
    object_type = get_nullable_type(type_)
    if not is_input_object_type(object_type) or not isinstance(node, ObjectValueNode):
        return None
    given = {field.name.value: field.value for field in node.fields}
    fields = [(field.out_name or name, _of_field(field, given.get(name))) for name, field in object_type.fields.items()]
    finish = object_type.out_type

    def read(run: Run) -> Any:
        coerced = {}
        for name, read_field in fields:
            value = read_field(run)  # type: ignore[misc]  # each has a reader
            if value is not Undefined:
                coerced[name] = value
        return finish(coerced)

    return read if all(read_field is not None for _, read_field in fields) else None


def _of_field(field: GraphQLInputField, node: ValueNode | None) -> Reader | None:
    default = coerce_default_value(field)
    absent = default if isinstance(default, _IMMUTABLE) else _LEFT
    if default is Undefined and not is_required_input_field(field):
        absent = Undefined
    if isinstance(node, VariableNode):
        return _of_variable(node.name.value, field.type, None, absent)
    if node is None:
        return None if absent is _LEFT else lambda _run: absent
    value = coerce_input_literal(node, field.type)
    # One that has variables inside is Undefined here.
    return (lambda _run: value) if isinstance(value, _IMMUTABLE) else None


def _is_immutable(type_: GraphQLInputType) -> bool:
    named = get_nullable_type(type_)
    return is_enum_type(named) or (is_scalar_type(named) and is_specified_scalar_type(named))


def _uses_variables(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, ListValueNode):
        return any(_uses_variables(value) for value in node.values)
    if isinstance(node, ObjectValueNode):
        return any(_uses_variables(field.value) for field in node.fields)
    return False
