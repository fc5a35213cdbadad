"""Cost of introspection, and recognition of the introspection queries that tools send.

graphql-core answers them field by field, so they cost as much as data: the selection on a list counts once for each of
its entries in this schema. The query that GraphiQL, graphql-js and most tools send asks for nearly all of it. A query
that selects a part of that one, without repetitions, is called plain. It costs little, because its answer is extracted
from one that was computed before.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    is_abstract_type,
)

PLAIN_COST = 50
"""Maximum cost of a plain introspection in points."""
HUNDREDTHS = 100
"""Parts of a point in which introspection is added up before it is rounded."""
OBJECT_HUNDREDTHS = 30
LEAF_HUNDREDTHS = 10

_NODES_MAX = 1_000
"""Maximum number of nodes of a document that are examined to find out if it is plain."""

ROOTS = frozenset({"__schema", "__type"})


class Length(NamedTuple):
    """Length of a list of the schema, in hundredths: the average over all types that have it, and the maximum."""

    mean: int
    most: int


def list_lengths(schema: GraphQLSchema) -> dict[tuple[str, str], Length]:
    """Return the lengths of introspection's lists in this schema, by type and field."""
    kinds = list(schema.type_map.values())
    composite = [kind for kind in kinds if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)]
    fields = [field for kind in composite for field in kind.fields.values()]
    inputs = [len(kind.fields) for kind in kinds if isinstance(kind, GraphQLInputObjectType)]
    values = [len(kind.values) for kind in kinds if isinstance(kind, GraphQLEnumType)]
    possible = [len(schema.get_possible_types(kind)) for kind in kinds if is_abstract_type(kind)]
    every = len(kinds)
    return {
        ("__Schema", "types"): Length(every * HUNDREDTHS, every * HUNDREDTHS),
        ("__Schema", "directives"): _length([len(schema.directives)], 1),
        ("__Type", "fields"): _length([len(kind.fields) for kind in composite], every),
        ("__Type", "interfaces"): _length([len(kind.interfaces) for kind in composite], every),
        ("__Type", "possibleTypes"): _length(possible, every),
        ("__Type", "enumValues"): _length(values, every),
        ("__Type", "inputFields"): _length(inputs, every),
        ("__Field", "args"): _length([len(field.args) for field in fields], len(fields)),
        ("__Directive", "args"): _length([len(each.args) for each in schema.directives], len(schema.directives)),
    }


def _length(lengths: list[int], among: int) -> Length:
    return Length(-(-sum(lengths) * HUNDREDTHS // max(1, among)), max(lengths, default=0) * HUNDREDTHS)


Selected: TypeAlias = dict[str, "Part"]
"""Selection of a plain introspection on one object, by name and in its order."""


class Part(NamedTuple):
    """One field: the selection below it (None for a value), True if deprecated members are included, and its value if
    constant.
    """

    below: Selected | None
    deprecated_too: bool = False
    constant: str | None = None


class _Kind:
    """An object of introspection, with the fields that the tools' query selects on it."""

    def __init__(self, name: str, values: str, objects: Mapping[str, "_Kind"] | None = None) -> None:
        self.name = name
        self.values = frozenset(values.split())
        self.objects = dict(objects or {})


_DEPRECATION = "isDeprecated deprecationReason"
_REFERENCE = _Kind("__Type", "kind name")
_REFERENCE.objects["ofType"] = _REFERENCE
_INPUT = _Kind("__InputValue", f"name description defaultValue {_DEPRECATION}", {"type": _REFERENCE})
_FIELD = _Kind("__Field", f"name description {_DEPRECATION}", {"args": _INPUT, "type": _REFERENCE})
_ENUM_VALUE = _Kind("__EnumValue", f"name description {_DEPRECATION}")
_TYPE = _Kind(
    "__Type",
    "kind name description specifiedByURL isOneOf",
    {
        "fields": _FIELD,
        "inputFields": _INPUT,
        "interfaces": _REFERENCE,
        "enumValues": _ENUM_VALUE,
        "possibleTypes": _REFERENCE,
    },
)
_DIRECTIVE = _Kind("__Directive", f"name description isRepeatable locations {_DEPRECATION}", {"args": _INPUT})
_SCHEMA = _Kind(
    "__Schema",
    "description",
    {
        "queryType": _REFERENCE,
        "mutationType": _REFERENCE,
        "subscriptionType": _REFERENCE,
        "types": _TYPE,
        "directives": _DIRECTIVE,
    },
)
_QUERY = _Kind("Query", "", {"__schema": _SCHEMA})


def plain_selection(document: DocumentNode, operation: OperationDefinitionNode) -> Selected | None:
    """Return the operation's selection if it is a plain introspection: no data, alias, directive or variable, and
    nothing that the tools' query does not select. None for any other operation.
    """
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    selected: Selected = {}
    try:
        _Collecting(fragments).collect(operation.selection_set, _QUERY, selected, ())
    except _NotPlainError:
        return None
    return selected if "__schema" in selected else None


class _NotPlainError(Exception):
    """Raised when the document is not a plain introspection."""


class _Collecting:
    """Collector of the selection of one document."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._left = _NODES_MAX

    def collect(self, selection_set: SelectionSetNode, kind: _Kind, into: Selected, within: tuple[str, ...]) -> None:
        for node in selection_set.selections:
            self._left -= 1
            if self._left < 0 or node.directives:
                raise _NotPlainError
            if isinstance(node, FieldNode):
                self._field(node, kind, into, within)
            elif isinstance(node, InlineFragmentNode):
                self.collect(node.selection_set, kind, into, within)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments.get(node.name.value)
                if fragment is None or node.name.value in within or fragment.directives:
                    raise _NotPlainError
                self.collect(fragment.selection_set, kind, into, (*within, node.name.value))

    def _field(self, node: FieldNode, kind: _Kind, into: Selected, within: tuple[str, ...]) -> None:
        name = node.name.value
        if node.alias is not None:
            raise _NotPlainError
        if name == "__typename":
            into[name] = Part(None, constant=kind.name)
        elif name in kind.values and not node.arguments:
            into[name] = Part(None)
        elif name in kind.objects and node.selection_set is not None:
            part = into.setdefault(name, Part({}, _deprecated_too(node)))
            if part.deprecated_too is not _deprecated_too(node) or part.below is None:
                raise _NotPlainError
            self.collect(node.selection_set, kind.objects[name], part.below, within)
        else:
            raise _NotPlainError


def _deprecated_too(node: FieldNode) -> bool:
    if not node.arguments:
        return False
    (argument, *others) = node.arguments
    if others or argument.name.value != "includeDeprecated" or not isinstance(argument.value, BooleanValueNode):
        raise _NotPlainError
    return argument.value.value


def cut(selected: Selected, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return the selected part of one object. `whole` is the complete answer to the tools' query, with everything that
    is deprecated.
    """
    found: dict[str, Any] = {}
    for name, part in selected.items():
        if part.below is None:
            found[name] = whole.get(name) if part.constant is None else part.constant
            continue
        value = whole.get(name)
        if isinstance(value, list):
            kept = value if part.deprecated_too else [each for each in value if not each.get("isDeprecated")]
            found[name] = [cut(part.below, each) for each in kept]
        else:
            found[name] = None if value is None else cut(part.below, value)
    return found
