"""Coercion of the variables of an operation: in place where each is plainly right, else by graphql-core.

Knows nothing of their use, and raises no error of its own: a value that is wrong, or right in an unusual way (one item
in the place of a list), is coerced by graphql-core from the start.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from graphql.execution import get_variable_values
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

from service.plans.fallback import PlanBailout, Uncompilable

Coercer: TypeAlias = Callable[[Any], Any]
"""A function that coerces a value that is not null, or raises: any exception means that graphql-core is to be asked."""

_OWN_CLASS: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
_LEFT = object()  # in the place of a default: without a value graphql-core is to be asked
_COERCER = "plans.coercer"  # the extension under which an input type keeps its own, made once for all documents


class Variables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, definitions: Collection[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        self._each: list[_Variable] | None
        try:
            self._each = [_variable(schema, definition) for definition in definitions]
        except Uncompilable:
            self._each = None

    def coerced(self, given: dict[str, Any]) -> VariableValues | None:
        """Return the values as graphql-core coerces them; None where it has errors to report, which it does better
        itself.
        """
        if self._each is not None:
            try:
                return _in_place(self._each, given)
            except Exception:  # noqa: BLE001, S110 - graphql-core meets it again and finds the words
                pass
        coerced = get_variable_values(self._schema, self._definitions, given, max_errors=1)
        return None if isinstance(coerced, list) else coerced


class _Variable(NamedTuple):
    signature: GraphQLVariableSignature
    nullable: bool
    coerce: Coercer
    default: Any


def _in_place(variables: list[_Variable], given: dict[str, Any]) -> VariableValues:
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for signature, nullable, coerce, default in variables:
        name = signature.name
        value = given.get(name, Undefined)
        sources[name] = VariableValueSource(signature, value)
        if value is not Undefined:
            coerced[name] = None if nullable and value is None else coerce(value)
        elif default is _LEFT:
            raise PlanBailout("a variable without a value")
    return VariableValues(sources, coerced)


def _variable(schema: GraphQLSchema, definition: VariableDefinitionNode) -> _Variable:
    signature = get_variable_signature(schema, definition)
    if isinstance(signature, GraphQLError):
        raise Uncompilable("a variable that is no input")
    nullable = not is_non_null_type(signature.type)
    # A default is a value of its own for each request, which may change it.
    default = Undefined if nullable and signature.default is None else _LEFT
    return _Variable(signature, nullable, _coercer(signature.type, ()), default)


def _coercer(type_: GraphQLInputType, above: tuple[GraphQLInputObjectType, ...]) -> Coercer:
    """Return the coercer of a type, nullable or not, that is nested in these input types."""
    if is_non_null_type(type_):
        return _coercer(type_.of_type, above)
    if is_list_type(type_):
        return _list(_coercer(type_.of_type, above), nullable=not is_non_null_type(type_.of_type))
    if not isinstance(type_, GraphQLInputObjectType):
        return _leaf(type_)
    if type_ in above:
        raise Uncompilable("an input type inside of itself, whose values graphql-core bounds in depth")
    if _COERCER not in type_.extensions:
        type_.extensions[_COERCER] = _object(type_, (*above, type_))
    return type_.extensions[_COERCER]  # type: ignore[no-any-return]


def _list(coerce: Coercer, *, nullable: bool) -> Coercer:
    def coerce_list(items: Any) -> list[Any]:
        if items.__class__ is not list:
            raise PlanBailout("an item in the place of a list")
        if nullable:
            return [None if item is None else coerce(item) for item in items]
        return [coerce(item) for item in items]

    return coerce_list


class _Field(NamedTuple):
    name: str
    out_name: str
    nullable: bool
    coerce: Coercer
    default: Any


def _object(type_: GraphQLInputObjectType, within: tuple[GraphQLInputObjectType, ...]) -> Coercer:
    if type_.is_one_of:
        raise Uncompilable("an input type of graphql-core's own of which one field is given")
    fields = [_field(name, field, within) for name, field in type_.fields.items()]
    out_type = None if type_.out_type is GraphQLInputObjectType.out_type else type_.out_type

    def coerce_object(given: Any) -> Any:
        if given.__class__ is not dict:
            raise PlanBailout("something else in the place of an input object")
        coerced, unknown = {}, len(given)
        for name, out_name, nullable, coerce, default in fields:
            value = given.get(name, Undefined)
            if value is not Undefined:
                unknown -= 1
                coerced[out_name] = None if nullable and value is None else coerce(value)
            elif default is _LEFT:
                raise PlanBailout("a required field without a value")
            elif default is not Undefined:
                coerced[out_name] = default
        if unknown:
            raise PlanBailout("a field that the type does not have")
        return coerced if out_type is None else out_type(coerced)

    return coerce_object


def _field(name: str, field: GraphQLInputField, within: tuple[GraphQLInputObjectType, ...]) -> _Field:
    try:
        default = _LEFT if is_required_input_field(field) else coerce_default_value(field)
    except TypeError:
        raise Uncompilable("a default that its type does not take") from None
    nullable = not is_non_null_type(field.type)
    return _Field(name, field.out_name or name, nullable, _coercer(field.type, within), default)


def _leaf(type_: Any) -> Coercer:
    own = _OWN_CLASS.get(type_)
    if own is not None:
        return _of_class(own)
    if type_ is GraphQLInt:
        return _int_32
    if isinstance(type_, GraphQLEnumType):
        return {name: type_.coerce_input_value(name) for name in type_.values}.__getitem__
    return _scalar(type_)


def _of_class(own: type) -> Coercer:
    def coerce(value: Any) -> Any:
        if value.__class__ is own:
            return value
        raise PlanBailout("a value of another class")

    return coerce


def _int_32(value: Any) -> int:
    if value.__class__ is int and -2147483648 <= value <= 2147483647:
        return value
    if value.__class__ is float and value.is_integer() and -2147483648 <= value <= 2147483647:
        return int(value)  # as graphql-core takes 5.0 for 5
    raise PlanBailout("a number that may not be an Int")


def _scalar(type_: GraphQLScalarType) -> Coercer:
    coerce = type_.coerce_input_value

    def coerce_scalar(value: Any) -> Any:
        coerced = Undefined if value is None else coerce(value)
        if coerced is Undefined:
            raise PlanBailout("a value that its scalar does not take")
        return coerced

    return coerce_scalar
