"""Costs of fields, read from the schema: a price is set on the field or its type, never in a list of names.

Depends on the kinds of types only. A leaf is free, an object costs 1, a connection costs 2 in addition to its nodes. A
definition may set another price: `strawberry.field(metadata=priced(size=4))`, or `query_cost: ClassVar[int] = 0` on a
type that is read with its parent.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from service.api.graphql.cost.introspection import list_lengths

_STRAWBERRY = "strawberry-definition"  # the name under which Strawberry attaches its own definition to types
_OBJECT = 1
_CONNECTION = 2
LARGE = frozenset({"Metadata"})
"""Types of leaves that may have as many bytes as a whole request: how many of them an operation reads is limited."""
SCAN_COST = 50
"""Cost points of reading every row of a list; a page reads a hundred at most."""
COUNT_COST = 5
"""Cost points of counting a list without conditions, by an index."""


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a field beyond its kind: its own points, the maximum length of its list, or the argument that sets the
    length.

    `scan` is for a connection whose `conditions` no index serves: so many points more for the page if any of these
    arguments is given, and for each count of the list's entries. A condition of `indexed`, a member of an argument, is
    served by the index of the list's usual order, so it costs nothing while `order` is not given. `count` is what a
    count without conditions costs.
    """

    own: int | None = None
    size: int | None = None
    size_argument: str | None = None
    scan: int = 0
    count: int = 0
    conditions: frozenset[str] = frozenset()
    indexed: frozenset[str] = frozenset()
    order: str = ""


def priced(
    *, own: int | None = None, size: int | None = None, size_argument: str | None = None, **of_list: Any
) -> dict[Any, Any]:
    """Return metadata for `strawberry.field`. `size_argument` leads to a list argument by dots, as `input.ids` does;
    `of_list` are the other members of `Price`, for a connection.
    """
    return {Price: Price(own, size, size_argument, **of_list)}


class Shape(Enum):
    """Ways in which the cost of the selection below a field enters the field's own cost."""

    PLAIN = auto()  # once for the field
    LIST = auto()  # once for each item of the list
    CONNECTION = auto()  # the selection on nodes, once for each entry of the page
    NODES = auto()  # edges or nodes of a connection, which are included in its price
    COUNT = auto()  # count of a connection's entries, which is included in its price


@dataclass(frozen=True, slots=True)
class FieldPrice:
    """Price of one field of one type: its own points, its kind, and the type that its selection is made on (None for a
    leaf).
    """

    own: int
    shape: Shape
    below: GraphQLNamedType | None
    objects: int = 0
    size: int | None = None
    size_argument: tuple[str, ...] = ()
    scanned: Price | None = None
    is_large: bool = False


class PriceList:
    """Prices of the fields of one schema, each computed when it is first used. `lengths` are those of introspection."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.lengths = list_lengths(schema)
        self._schema = schema
        self._known: dict[tuple[str, str], FieldPrice | None] = {}

    def of(self, parent: GraphQLNamedType, name: str) -> FieldPrice | None:
        """Return the price of a field, or None where the type has no such field, which validation will report."""
        key = (parent.name, name)
        if key not in self._known:
            field = self._schema.get_field(parent, name) if is_composite_type(parent) else None
            if field is None:
                return None  # not cached, because the number of unknown names is unlimited
            self._known[key] = _price(parent, name, field)
        return self._known[key]


def _price(parent: GraphQLNamedType, name: str, field: GraphQLField) -> FieldPrice:
    below = get_named_type(field.type)
    definition = field.extensions.get(_STRAWBERRY)
    said = (getattr(definition, "metadata", None) or {}).get(Price, Price())
    size_argument = tuple(said.size_argument.split(".")) if said.size_argument else ()
    if _is_connection(parent) and name == "totalCount":
        return FieldPrice(0, Shape.COUNT, None)
    if not is_composite_type(below):
        return FieldPrice(said.own or 0, Shape.PLAIN, None, is_large=below.name in LARGE)
    if _is_connection(parent) and name in {"edges", "nodes"}:
        # An edge does not count as an object; its node does.
        return (
            FieldPrice(0, Shape.NODES, below)
            if name == "edges"
            else FieldPrice(_type_cost(below), Shape.NODES, below, 1)
        )
    if _is_connection(below) and {"first", "last"} & field.args.keys():
        scanned = said if said.count or said.scan else None
        return FieldPrice(_CONNECTION if said.own is None else said.own, Shape.CONNECTION, below, scanned=scanned)
    own = _type_cost(below) if said.own is None else said.own
    inner = field.type.of_type if is_non_null_type(field.type) else field.type
    shape = Shape.LIST if is_list_type(inner) else Shape.PLAIN
    return FieldPrice(own, shape, below, 1, said.size, size_argument)


def _is_connection(kind: GraphQLNamedType) -> bool:
    return isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and {"edges", "pageInfo"} <= kind.fields.keys()


def _type_cost(kind: GraphQLNamedType) -> int:
    origin = getattr(kind.extensions.get(_STRAWBERRY), "origin", None)
    cost = getattr(origin, "query_cost", _OBJECT)
    return cost if isinstance(cost, int) else _OBJECT
