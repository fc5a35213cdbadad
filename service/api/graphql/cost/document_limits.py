"""Limits of a GraphQL document, checked in one pass over its nodes, before validation and any data.

Prices come from the schema, not from names of fields. Each fragment is measured once and remembered, because counting
it at every spread doubles with each level: 18 nested fragments in 600 bytes held a server for a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from service.api.graphql.cost.document_parser import parse_document, refuse_above
from service.api.graphql.cost.field_costs import FieldPrice, Price, PriceList, Shape
from service.api.graphql.cost.introspection import (
    HUNDREDTHS,
    LEAF_HUNDREDTHS,
    OBJECT_HUNDREDTHS,
    PLAIN_COST,
    ROOTS,
    Selected,
    plain_selection,
)
from service.api.graphql.cost.page_sizes import Conditions, Sizes

# Maximum depth of nested selection sets. The parser needs more stack for each than the walk does.
_NESTING = 150


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Limits of one document.

    `fields` and `repeated_fields` limit validation, which compares every pair of fields that share a response name: 490
    times `b{a}` kept it busy for half a second. A list of unknown length counts with `list_size` items. `large_values`
    limits how many leaves of the types `LARGE` an operation may read; each has up to 100 kB.
    """

    tokens: int = 2_000
    depth: int = 10
    aliases: int = 30
    directives: int = 50
    fields: int = 2_000
    repeated_fields: int = 100
    nodes: int = 10_000
    large_values: int = 200
    cost: int = 1_000
    page_size: int = 100
    default_page_size: int = 20
    list_size: int = 10


@dataclass(frozen=True, slots=True)
class Cost:
    """Maximum cost of a document in points, and its maximum number of objects. Only the variables named here can change
    these.

    `introspects` is True if the operation reads the schema; `plain` is its selection if it is a plain introspection.
    """

    requested: int
    nodes: int = 0
    variables: frozenset[str] = frozenset()
    introspects: bool = False
    plain: Selected | None = None


class DocumentMeter:
    """Parser and meter of documents for one schema. Safe to share, because each measurement has its own state."""

    def __init__(self, schema: GraphQLSchema, limits: DocumentLimits) -> None:
        self.limits = limits
        self._schema = schema
        self._prices = PriceList(schema)

    def parse(self, text: str) -> DocumentNode:
        """Return the parsed document; raises what `parse_document` does."""
        return parse_document(text, self.limits.tokens)

    def measure(self, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any] | None) -> Cost:
        """Return the cost of the operation that runs. Refuses a document any part of which exceeds a limit.

        Raises GraphQLError(OPERATION_RESOLUTION_FAILURE) if the name does not select exactly one operation; otherwise
        the first of several would run.
        """
        return Walk(self._schema, self._prices, self.limits, document, variables or {}).cost(operation_name)


@dataclass(slots=True)
class _Measure:
    """Measures of a selection: its depth, and the cost of each use of it.

    The cost of a connection's nodes is separate, because only the connection knows how many there are. `names` are the
    selection's response names with the fields of each.
    """

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    cost: int = 0
    nodes: int = 0
    cost_per_node: int = 0
    nodes_per_node: int = 0
    large: int = 0
    large_per_node: int = 0
    counts: int = 0
    introspects: bool = False
    hundredths: int = 0  # hundredths of a point for introspection: for an average part of the schema, and
    hundredths_at_most: int = 0  # for its largest part
    names: dict[str, int] = field(default_factory=dict)

    def add(self, other: "_Measure") -> None:
        self.depth = max(self.depth, other.depth)
        self.aliases += other.aliases
        self.directives += other.directives
        self.fields += other.fields
        self.cost += other.cost
        self.nodes += other.nodes
        self.cost_per_node += other.cost_per_node
        self.nodes_per_node += other.nodes_per_node
        self.large += other.large
        self.large_per_node += other.large_per_node
        self.counts += other.counts
        self.introspects |= other.introspects
        self.hundredths += other.hundredths
        self.hundredths_at_most += other.hundredths_at_most


class Walk:
    """State of one measuring of one document."""

    def __init__(
        self,
        schema: GraphQLSchema,
        prices: PriceList,
        limits: DocumentLimits,
        document: DocumentNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._prices = prices
        self._limits = limits
        self._document = document
        self._sizes = Sizes(limits.default_page_size, limits.page_size, limits.list_size, variables)
        self._operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, _Measure] = {}
        self._open: set[str] = set()
        self._repeated = 0
        self._merged = 0
        self.visited = 0

    def cost(self, operation_name: str | None) -> Cost:
        chosen = self._chosen(operation_name)
        self._sizes.run(chosen)
        result = Cost(0)
        for operation in self._operations:
            measure = self._operation(operation)
            if operation is chosen:
                plain = plain_selection(self._document, operation) if measure.introspects else None
                cost = measure.cost if plain is None else min(measure.cost, PLAIN_COST)
                self._check("nodes", measure.nodes)
                self._check("large_values", measure.large)
                self._check("cost", cost)
                result = Cost(cost, measure.nodes, frozenset(self._sizes.read), measure.introspects, plain)
        for name in self._fragments:
            self._check_size(self._fragment(name, 0))
        return result

    def _chosen(self, name: str | None) -> OperationDefinitionNode:
        named = [node for node in self._operations if name is None or (node.name and node.name.value == name)]
        if len(named) == 1:
            return named[0]
        message = "Name one operation of the document in operationName." if name is None else "No such operation."
        raise GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})

    def _operation(self, operation: OperationDefinitionNode) -> _Measure:
        measure = _Measure(directives=len(operation.directives or ()))
        for definition in operation.variable_definitions or ():
            measure.directives += len(definition.directives or ())
        measure.add(self._selections(operation.selection_set, self._schema.get_root_type(operation.operation), 0))
        self._check_size(measure)
        return measure

    def _check_size(self, measure: _Measure) -> None:
        self._check("depth", measure.depth)
        self._check("aliases", measure.aliases)
        self._check("directives", measure.directives)

    def _check(self, limit: str, requested: int) -> None:
        maximum = getattr(self._limits, limit)
        if requested > maximum:
            refuse_above(limit, maximum, requested)

    def _selections(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None, level: int) -> _Measure:
        measure = _Measure()
        self._collect(selection_set, parent, level, measure, set())
        return measure

    def _collect(
        self,
        selection_set: SelectionSetNode,
        parent: GraphQLNamedType | None,
        level: int,
        into: _Measure,
        spread: set[str],
    ) -> None:
        if level >= _NESTING:
            refuse_above("depth", self._limits.depth)
        for node in selection_set.selections:
            self.visited += 1
            into.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                inner = self._field(node, parent, level)
                into.add(inner)
                self._name(into, node.alias.value if node.alias else node.name.value, inner.fields)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                kind = self._schema.type_map.get(condition.name.value) if condition else parent
                self._collect(node.selection_set, kind, level + 1, into, spread)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                inner = self._fragment(name, level + 1)
                into.add(inner)
                if name not in spread:  # a second spread of the same fragment adds nothing
                    spread.add(name)
                    self._merged += len(inner.names)
                    self._check("fields", self._merged)
                    for response_name, fields in inner.names.items():
                        self._name(into, response_name, fields)
        self._check("fields", self.visited)

    def _name(self, into: _Measure, response_name: str, fields: int) -> None:
        if response_name in into.names:
            self._repeated += fields
            self._check("repeated_fields", self._repeated)
        else:
            into.names[response_name] = fields

    def _fragment(self, name: str, level: int) -> _Measure:
        known = self._measured.get(name)
        if known is not None:
            return known
        definition = self._fragments.get(name)
        if definition is None or name in self._open:
            return _Measure()  # unknown or cyclic, which validation reports
        self._open.add(name)
        kind = self._schema.type_map.get(definition.type_condition.name.value)
        measure = self._selections(definition.selection_set, kind, level)
        measure.directives += len(definition.directives or ())
        self._open.remove(name)
        self._measured[name] = measure
        return measure

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> _Measure:
        """Return the measures of the field and everything below it, to be added to the selection that contains it."""
        name = node.name.value
        price = self._prices.of(parent, name) if parent is not None else None
        measure = _Measure(fields=1, aliases=1 if node.alias else 0)
        if node.selection_set:
            measure.add(self._selections(node.selection_set, price.below if price else None, level + 1))
        if name.startswith("__") or (parent is not None and parent.name.startswith("__")):
            return self._introspected(name, parent, measure)
        measure.depth += 1
        if price is not None:
            self._price(node, price, measure)
        return measure

    def _introspected(self, name: str, parent: GraphQLNamedType | None, inner: _Measure) -> _Measure:
        """Count a field of introspection. It reads no data, and a rule of validation bounds its depth."""
        measure = replace(inner, depth=0, cost=0, nodes=0, cost_per_node=0, nodes_per_node=0)
        if parent is not None and parent.name.startswith("__"):
            length = self._prices.lengths.get((parent.name, name))
            # A caller may choose the largest of the root types and of the types for __type, so their largest part
            # counts and not the average.
            mean, most = length or (HUNDREDTHS, HUNDREDTHS)
            below = inner.hundredths_at_most if name.endswith("Type") else inner.hundredths
            own = OBJECT_HUNDREDTHS if below else LEAF_HUNDREDTHS
            measure.hundredths = -(-mean * (own + below) // HUNDREDTHS)
            measure.hundredths_at_most = -(-most * (own + inner.hundredths_at_most) // HUNDREDTHS)
        elif name in ROOTS:
            total = inner.hundredths if name == "__schema" else inner.hundredths_at_most
            measure.cost = -(-(OBJECT_HUNDREDTHS + total) // HUNDREDTHS)
            measure.hundredths = measure.hundredths_at_most = 0
            measure.introspects = True
        return measure

    def _price(self, node: FieldNode, price: FieldPrice, measure: _Measure) -> None:
        if price.shape is Shape.CONNECTION:
            size = self._sizes.page_of(node)
            # A page is read even if only its cursors or page information are selected.
            measure.cost += price.own + size * max(1, measure.cost_per_node)
            measure.nodes += size * max(1, measure.nodes_per_node)
            measure.large += size * measure.large_per_node
            if price.scanned is not None:
                measure.cost += self._scans(node, price.scanned, measure.counts)
            measure.cost_per_node = measure.nodes_per_node = measure.large_per_node = measure.counts = 0
        elif price.shape is Shape.COUNT:
            measure.counts = 1
        elif price.shape is Shape.NODES:
            measure.cost_per_node = price.own + measure.cost
            measure.nodes_per_node = price.objects + measure.nodes
            measure.large_per_node = measure.large
            measure.cost = measure.nodes = measure.large = 0
        else:
            size = self._sizes.list_of(node, price) if price.shape is Shape.LIST else 1
            measure.cost = size * (price.own + measure.cost)
            measure.nodes = size * (price.objects + measure.nodes)
            measure.large = size * (price.is_large + measure.large)

    def _scans(self, node: FieldNode, price: Price, counts: int) -> int:
        """Return the points of finding the page and of counting the list."""
        match self._sizes.conditions_of(node, price):
            case Conditions.NONE:
                return counts * price.count
            case Conditions.INDEXED:
                return counts * price.scan
            case Conditions.SCANNED:
                return (1 + counts) * price.scan


def shown_cost(cost: Cost, limits: DocumentLimits) -> dict[str, int]:
    """Return the value of `extensions.cost`."""
    return {"requestedQueryCost": cost.requested, "maximumCost": limits.cost}
