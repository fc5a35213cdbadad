"""Ways to read each field of a Strawberry schema: plain attribute, resolver, batch, or Strawberry's own wrapper.

Knows nothing of operations: the answer depends on the schema alone.
"""

import inspect
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from keyword import iskeyword
from typing import Any, NamedTuple, TypeAlias

import strawberry
from graphql import GraphQLField, GraphQLNamedType, GraphQLObjectType
from strawberry.extensions import SchemaExtension
from strawberry.relay import Node
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from service.plans.fallback import Uncompilable

BATCH = "plans.batch"
COLUMNS = "plans.columns"
MADE = "plans.made"


class Attribute(NamedTuple):
    """A field that is the attribute at the end of a path."""

    path: str

    @property
    def paths(self) -> Collection[str]:
        return (self.path,)


class Computed(NamedTuple):
    """A field that a function makes of the attributes at the ends of paths, or that it writes as it is shown."""

    compute: Callable[..., Any]
    paths: Collection[str]
    is_written: bool = False


class Composed(NamedTuple):
    """A field whose object is made of the attributes at the ends of paths, by the names of its arguments."""

    parts: Mapping[str, str]

    @property
    def paths(self) -> Collection[str]:
        return self.parts.values()


Made: TypeAlias = Attribute | Computed | Composed


class Kind(Enum):
    """A way to read a field."""

    ATTRIBUTE = "attribute read in place"
    COMPUTED = "made in place of attributes"
    COMPOSED = "object made of attributes, where more is asked of it than those"
    SYNC = "resolver called for each object"
    ASYNC = "resolver awaited for each object, all of a level at once"
    BATCH = "batch resolver called once for a level"
    WRAPPED = "Strawberry's wrapper called for each object, because the field has extensions or exception handlers"


_KINDS = {Attribute: Kind.ATTRIBUTE, Computed: Kind.COMPUTED, Composed: Kind.COMPOSED}


def strawberry_field(definition: GraphQLField) -> StrawberryField | None:
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return field if isinstance(field, StrawberryField) else None


def object_definition(type_: GraphQLNamedType) -> StrawberryObjectDefinition | None:
    """Return the Strawberry type behind a GraphQL object or interface type, None for one that Strawberry did
    not make.
    """
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return definition if isinstance(definition, StrawberryObjectDefinition) else None


def kind_of(schema: strawberry.Schema, definition: GraphQLField) -> Kind:
    """Return the way to read this field. Raises Uncompilable for one that only graphql-core can read."""
    field = strawberry_field(definition)
    if field is None:
        raise Uncompilable("a field that Strawberry did not make")
    if field.is_subscription:
        raise Uncompilable("a subscription")
    resolver = field.base_resolver
    if field.extensions or schema.schema_converter._get_field_exception_handlers(field):  # noqa: SLF001 - no public way
        return Kind.WRAPPED
    if resolver is None:
        return Kind.ATTRIBUTE
    if MADE in field.metadata:
        return _KINDS[type(field.metadata[MADE])]
    if inspect.isasyncgenfunction(inspect.unwrap(resolver._unbound_wrapped_func)):  # noqa: SLF001 - no public way
        raise Uncompilable("a resolver that yields its items one by one")
    if BATCH in field.metadata:
        return Kind.BATCH
    return Kind.ASYNC if field.is_async else Kind.SYNC


def attribute_of(schema: strawberry.Schema, field: StrawberryField) -> str | None:
    """Return the attribute that generated code may read with a dot, None if the default resolver must be asked."""
    if MADE in field.metadata:
        made: Attribute = field.metadata[MADE]
        return made.path
    name = field.python_name
    plain = schema.config.default_resolver is getattr and name.isidentifier() and not iskeyword(name)
    return name if plain else None


def relay_id_attribute(type_: GraphQLObjectType, definition: GraphQLField) -> tuple[type[Any], str] | None:
    """Return the class and attribute behind Relay's own `id`, None where a type computes its id or its type name
    itself.
    """
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
    """Return why no operation of this schema can be planned, None if they can."""
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
