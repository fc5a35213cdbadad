"""One operation of a document that was parsed, checked and validated, and its plans.

Knows nothing of requests. A document has one plan for each combination of the variables that its directives read, so
that a plan itself holds no conditions.
"""

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Undefined

from service.plans.compiler import Compiler, Plan
from service.plans.fallback import Uncompilable
from service.plans.variables import Variables

# Four conditions of two values each; plans for a document with more would use too much memory.
_PLANS_MAX = 16
# A parsed document with one plan takes about this many times its text; measured by tests/plans/measure.py.
_BYTES_PER_CHARACTER = 350
_INTROSPECTION = frozenset({"__schema", "__type", "__typename"})
SEVERAL = "several"


class Operation:
    """An operation that may be executed. `note` is the note of the caller's verdict."""

    def __init__(
        self,
        schema: strawberry.Schema,
        document: DocumentNode,
        node: OperationDefinitionNode,
        *,
        note: Any,
        characters: int,
        fields_max: int,
    ) -> None:
        self.document = document
        self.node = node
        self.note = note
        self.kind = node.operation
        # True if only the schema itself is selected, so that the answer is the same for every caller.
        self.is_introspection = self.kind is OperationType.QUERY and all(
            isinstance(each, FieldNode) and each.name.value in _INTROSPECTION for each in node.selection_set.selections
        )
        self.variables = Variables(schema._schema, node.variable_definitions or ())  # noqa: SLF001 - as in the runner
        self._schema = schema
        self._characters = characters
        self._fields_max = fields_max
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self.root_field = _root_field(node, self._fragments)
        """The name of its only root field, or SEVERAL."""
        self.name = node.name.value if node.name else None
        self._conditions: tuple[str, ...] = ()
        self._plans: dict[tuple[Any, ...], Plan | str] = {}
        try:
            self._conditions = tuple(sorted(_conditions(node, self._fragments)))
            self.reason = "a subscription" if self.kind is OperationType.SUBSCRIPTION else None
        except Uncompilable as reason:
            self.reason = str(reason)

    @property
    def size_bytes(self) -> int:
        """Return its approximate size in memory once all plans for its conditions are compiled."""
        return self._characters * _BYTES_PER_CHARACTER * min(1 << len(self._conditions), _PLANS_MAX)

    def plan(self, variables: VariableValues) -> Plan | str:
        """Return the plan for these variables, compiled on first use; or the reason why there is none."""
        if self.reason is not None:
            return self.reason
        key = tuple([variables.coerced.get(name, Undefined) for name in self._conditions])
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _PLANS_MAX:
                return "more combinations of conditions than a document may have plans"
            plan = self._plans[key] = self._compiled(variables)
        return plan

    def _compiled(self, variables: VariableValues) -> Plan | str:
        try:
            return Compiler(self._schema, self.node, self._fragments, variables, fields_max=self._fields_max).plan()
        except Uncompilable as reason:
            return str(reason)
        except GraphQLError as error:
            return f"graphql-core refuses it: {error.message}"
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, graphql-core answers, and says so
            return f"not to be compiled: {error!r}"


def _root_field(node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> str:
    """Return the name of the one field of the schema that the operation selects at its root, or SEVERAL."""
    names: set[str] = set()
    waiting: list[SelectionSetNode] = [node.selection_set]
    seen: set[str] = set()
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                names.add(selection.name.value)
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                waiting.append(fragments[selection.name.value].selection_set)
    return names.pop() if len(names) == 1 else SEVERAL


def _conditions(node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[str]:
    """Return the variables read by directives. Raises Uncompilable for directives and fragments that plans do
    not know.
    """
    if node.directives or any(definition.directives for definition in node.variable_definitions or ()):
        raise Uncompilable("a directive on the operation or on a variable")
    names: set[str] = set()
    waiting: list[SelectionSetNode] = [node.selection_set]
    for fragment in fragments.values():
        if fragment.directives or fragment.variable_definitions:
            raise Uncompilable("a fragment with directives or variables of its own")
        waiting.append(fragment.selection_set)
    while waiting:
        for selection in waiting.pop().selections:
            names.update(_condition(directive) for directive in selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                if selection.arguments:
                    raise Uncompilable("a fragment with arguments")
            elif isinstance(selection, (FieldNode, InlineFragmentNode)) and selection.selection_set:
                waiting.append(selection.selection_set)
    return iter(names - {""})


def _condition(directive: DirectiveNode) -> str:
    """Return the variable that the condition reads; nothing for a literal."""
    if directive.name.value not in {"skip", "include"}:
        raise Uncompilable(f"the directive @{directive.name.value}")
    value = directive.arguments[0].value if directive.arguments else None
    return value.name.value if isinstance(value, VariableNode) else ""
