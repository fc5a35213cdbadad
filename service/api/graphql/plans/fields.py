"""Knows how each field of a Strawberry schema is read: plain attribute, resolver, batch, or Strawberry's own wrapper.

It must not know about operations: the answer depends on the schema alone.
"""

import inspect
from collections.abc import Callable
from enum import Enum
from keyword import iskeyword
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLNamedType, GraphQLObjectType
from strawberry.extensions import SchemaExtension
from strawberry.relay import Node
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from service.api.graphql.plans.fallback import Uncompilable

BATCH = "plans.batch"
COLUMNS = "plans.columns"
PATH = "plans.path"


class Kind(Enum):
    """How a plan reads a field."""

    ATTRIBUTE = "attribute read in place"
    SYNC = "resolver called for each object"
    ASYNC = "resolver awaited for each object, all of a level at once"
    BATCH = "batch resolver called once for a level"
    WRAPPED = "Strawberry's wrapper called for each object, because the field has extensions or exception handlers"


def strawberry_field(definition: GraphQLField) -> StrawberryField | None:
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return field if isinstance(field, StrawberryField) else None


def object_definition(type_: GraphQLNamedType) -> StrawberryObjectDefinition | None:
    """The Strawberry type behind a GraphQL object or interface type, None for one that Strawberry did not make."""
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return definition if isinstance(definition, StrawberryObjectDefinition) else None


def kind_of(schema: strawberry.Schema, definition: GraphQLField) -> Kind:
    """How to read this field. Raises Uncompilable for what only graphql-core can read."""
    field = strawberry_field(definition)
    if field is None:
        raise Uncompilable("a field that Strawberry did not make")
    if field.is_subscription:
        raise Uncompilable("a subscription")
    resolver = field.base_resolver
    if field.extensions or schema.schema_converter._get_field_exception_handlers(field):  # noqa: SLF001 - no public way
        return Kind.WRAPPED
    if resolver is None or PATH in field.metadata:
        return Kind.ATTRIBUTE
    if inspect.isasyncgenfunction(inspect.unwrap(resolver._unbound_wrapped_func)):  # noqa: SLF001 - no public way
        raise Uncompilable("a resolver that yields its items one by one")
    if BATCH in field.metadata:
        return Kind.BATCH
    return Kind.ASYNC if field.is_async else Kind.SYNC


def attribute_of(schema: strawberry.Schema, field: StrawberryField) -> str | None:
    """The attribute that generated code may read with a dot, None if the default resolver must be asked."""
    if PATH in field.metadata:
        path: str = field.metadata[PATH]
        return path
    name = field.python_name
    plain = schema.config.default_resolver is getattr and name.isidentifier() and not iskeyword(name)
    return name if plain else None


def relay_id_attribute(type_: GraphQLObjectType, definition: GraphQLField) -> tuple[type[Any], str] | None:
    """The class and attribute behind Relay's own `id`, None where a type computes its id or its type name itself."""
    owner, field = object_definition(type_), strawberry_field(definition)
    if owner is None or field is None or field.base_resolver is None or not issubclass(owner.origin, Node):
        return None
    origin = owner.origin
    if _function(field.base_resolver.wrapped_func) is not _function(Node._id):  # noqa: SLF001 - Relay's id has no other name
        return None
    hooks = ("resolve_id", "resolve_typename")
    if any(_function(getattr(origin, hook)) is not _function(getattr(Node, hook)) for hook in hooks):
        return None
    return origin, origin.resolve_id_attr()


def obstacle(schema: strawberry.Schema) -> str | None:
    """Why no operation of this schema can be planned, None if they can."""
    if any(_wraps_resolvers(extension) for extension in schema.get_extensions()):
        return "an extension of the schema wraps every resolver"
    if schema.execution_context_class is not StrawberryGraphQLCoreExecutionContext:
        return "the schema has an executor of its own"
    if schema.config.enable_experimental_incremental_execution:
        return "incremental delivery is enabled"
    return None


def _wraps_resolvers(extension: SchemaExtension) -> bool:
    return type(extension).resolve is not SchemaExtension.resolve


def _function(method: Any) -> Callable[..., Any]:
    return getattr(method, "__func__", method)  # type: ignore[no-any-return]
