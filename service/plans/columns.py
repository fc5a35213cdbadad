"""The columns that the fields below a resolver need, so that the resolver fetches those and no others.

Knows nothing of storage. The answer is the same in a plan and in graphql-core's executor.
"""

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, GraphQLObjectType, GraphQLOutputType, get_named_type, is_abstract_type, is_object_type
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues
from strawberry.types import Info

from service.plans.fields import COLUMNS, relay_id_attribute, strawberry_field
from service.plans.info import PlanResolveInfo


def needs(*columns: str) -> dict[str, Any]:
    """Return metadata of a field that is made from these columns: `strawberry.field(metadata=needs("amount",
    "currency"))`.

    A field that declares nothing needs the column of its own Python name; Relay's `id` needs the attribute it is made
    from. `needs()` declares that a field needs no column.
    """
    return {COLUMNS: columns}


def selected_columns(info: Info[Any, Any], *paths: str) -> frozenset[str]:
    """Return the columns that the selected fields of this field's type need, with aliases, fragments and directives.

    Paths lead to the objects in question by GraphQL field names: a connection asks for `"nodes", "edges.node"`. Without
    one they are the objects that this field returns.
    """
    raw: Any = info._raw_info  # noqa: SLF001 - Strawberry offers the selection in no other exact form
    memo = raw.site.columns if isinstance(raw, PlanResolveInfo) else {}
    columns = memo.get(paths)
    if columns is None:
        steps = [path.split(".") if path else [] for path in paths or ("",)]
        columns = frozenset(name for way in steps for name in _columns(raw, raw.return_type, raw.field_nodes, way))
        memo[paths] = columns
    return columns


def _columns(raw: Any, type_: GraphQLOutputType, nodes: list[FieldNode], way: list[str]) -> Iterator[str]:
    for parent_type, selected in _selections(raw, type_, nodes):
        name = selected[0].name.value
        definition = raw.schema.get_field(parent_type, name)
        if way:
            if name == way[0]:
                yield from _columns(raw, definition.type, selected, way[1:])
        elif name != "__typename":
            field = strawberry_field(definition)
            relay_id = relay_id_attribute(parent_type, definition)
            if field is not None:
                own = field.python_name if relay_id is None else relay_id[1]
                yield from field.metadata.get(COLUMNS, (own,))


def _selections(
    raw: Any, type_: GraphQLOutputType, nodes: list[FieldNode]
) -> Iterator[tuple[GraphQLObjectType, list[FieldNode]]]:
    named = get_named_type(type_)
    if is_abstract_type(named):
        possible: list[GraphQLObjectType] = list(raw.schema.get_possible_types(named))
    else:
        possible = [named] if is_object_type(named) else []
    fragments = {name: FragmentDetails(definition) for name, definition in raw.fragments.items()}
    variables = VariableValues({}, raw.variable_values)
    details = [FieldDetails(node, None) for node in nodes]
    for runtime_type in possible:
        collected = collect_subfields(raw.schema, fragments, variables, raw.operation, runtime_type, details)
        for same in collected.grouped_field_set.values():
            yield runtime_type, [detail.node for detail in same]
