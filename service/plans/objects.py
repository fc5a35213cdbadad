"""Checks of objects against GraphQL types, and the type of an object of an interface or union.

Knows nothing of selections. Both answers come from the schema's own functions and are remembered by class where the
class alone decides them.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from graphql import GraphQLAbstractType, GraphQLObjectType, GraphQLSchema, default_type_resolver, is_interface_type
from graphql.pyutils import Undefined
from strawberry.execution import optimized_is_awaitable
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from service.plans.fallback import PlanBailout, abandon
from service.plans.fields import object_definition
from service.plans.info import Run, Site
from service.plans.levels import Values, is_ordinary

Select: TypeAlias = Callable[[Run, Values], Awaitable[Values]]
_CLASSES_MAX = 256


class Admission:
    """A check that refuses an object that graphql-core would not complete as this object type.

    Generated code calls it only for classes that are not `known`, and for objects that carry a cast where these matter.
    """

    def __init__(self, type_: GraphQLObjectType, site: Site) -> None:
        self._type = type_
        self._site = site
        self.known: set[type] = set()
        definition = object_definition(type_)
        # Strawberry's own check uses the class, and a cast if the object carries one.
        self._by_class = type_.is_type_of is None or (definition is not None and definition.is_type_of is None)
        self.casts_matter = type_.is_type_of is not None

    def __call__(self, run: Run, each: Any) -> None:
        if each is None or each is Undefined or isinstance(each, BaseException) or optimized_is_awaitable(each):
            abandon(each)
            raise PlanBailout(f"no object of type {self._type}")
        is_type_of = self._type.is_type_of
        answer = is_type_of is None or is_type_of(each, run.raw(self._site))
        # An awaitable answer would count as true.
        if not answer or optimized_is_awaitable(answer):
            raise PlanBailout(f"no object of type {self._type}")
        cls = type(each)
        uncast = not self.casts_matter or getattr(each, TYPE_CAST_ATTRIBUTE, None) is None
        if self._by_class and uncast and is_ordinary(cls) and len(self.known) < _CLASSES_MAX:
            self.known.add(cls)


class Abstract:
    """Names of the object types of values of an interface or union, one by one or for a whole level."""

    def __init__(self, type_: GraphQLAbstractType, schema: GraphQLSchema, site: Site) -> None:
        self._type = type_
        self._site = site
        self._resolve_type = type_.resolve_type or default_type_resolver
        self._known: dict[type, str] = {}
        self._by_class = _class_decides(type_, schema)
        self._possible = {possible.name for possible in schema.get_possible_types(type_)}
        definition = object_definition(type_)
        self._interface = definition.origin if is_interface_type(type_) and definition is not None else object

    async def all(self, run: Run, values: Values, selects: dict[str, Select]) -> Values:
        """Complete the values: sorted by object type, each group by its function, and in their order again."""
        positions: dict[str, list[int]] = {}
        for index, value in enumerate(values):
            positions.setdefault(self(run, value), []).append(index)
        completed: Values = [None] * len(values)
        for name, indices in positions.items():
            rows = await selects[name](run, [values[index] for index in indices])
            for index, row in zip(indices, rows, strict=True):
                completed[index] = row
        return completed

    def __call__(self, run: Run, value: Any) -> str:
        """Return the name of one of the possible types, and no other."""
        cast = getattr(value, TYPE_CAST_ATTRIBUTE, None)
        known = self._known.get(value.__class__) if cast is None else None
        if known is not None:
            return known
        if value is None or value is Undefined or isinstance(value, BaseException) or optimized_is_awaitable(value):
            abandon(value)
            raise PlanBailout(f"no object of type {self._type}")
        name = self._resolve_type(value, run.raw(self._site), self._type)
        if name not in self._possible:
            raise PlanBailout(f"an object without a type among {self._type}")
        cls = type(value)
        if self._by_class and cast is None and self._decided_by(cls) and len(self._known) < _CLASSES_MAX:
            self._known[cls] = name
        return name

    def _decided_by(self, cls: type) -> bool:
        definition = getattr(cls, "__strawberry_definition__", None)
        return (
            isinstance(definition, StrawberryObjectDefinition)
            and not definition.is_graphql_generic
            and issubclass(cls, self._interface)
            and is_ordinary(cls)
        )


def _class_decides(type_: GraphQLAbstractType, schema: GraphQLSchema) -> bool:
    """Return True if Strawberry's own rules, which go by class, name the type. Generic types are told by their
    fields.
    """
    own = object_definition(type_)
    if own is not None and own.resolve_type is not None:
        return False
    definitions = [object_definition(possible) for possible in schema.get_possible_types(type_)]
    return all(
        definition is not None and definition.is_type_of is None and definition.concrete_of is None
        for definition in definitions
    )
