"""Sizes of lists as the arguments of a field and the request's variables set them, before anything is coerced.

Knows no prices. A value of the wrong type counts as the largest page here and is refused by validation.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from graphql import (
    FieldNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)

from service.api.graphql.cost.field_costs import FieldPrice, Price
from service.errors import Code, Refused

# Whole numbers with more digits all count as too large.
_DIGITS = 12


class Conditions(Enum):
    """Kinds of conditions on the entries of a list, by the index or scan that they need."""

    NONE = auto()
    INDEXED = auto()
    SCANNED = auto()


class Sizes:
    """Reader of sizes in one request; `read` collects the variables that they came from."""

    def __init__(self, default_page: int, maximum_page: int, unknown_list: int, variables: Mapping[str, Any]) -> None:
        self._default_page = default_page
        self._maximum_page = maximum_page
        self._unknown_list = unknown_list
        self._variables = variables
        self._defaults: Mapping[str, ValueNode | None] = {}
        self.read: set[str] = set()

    def run(self, operation: OperationDefinitionNode) -> None:
        """Set the operation whose defaults apply to variables that were not sent."""
        definitions = operation.variable_definitions or ()
        self._defaults = {node.variable.name.value: node.default_value for node in definitions}

    def page_of(self, node: FieldNode) -> int:
        """Return the page size of a connection. Refuses BAD_USER_INPUT above the largest."""
        sizes = []
        for argument in node.arguments or ():
            name = argument.name.value
            if name in {"first", "last"} and (given := self._value(argument.value)) is not None:
                size = self._size(given)
                if size > self._maximum_page:
                    message = f"{name} is from 1 to {self._maximum_page}."
                    raise Refused(Code.BAD_USER_INPUT, message, (name,), limit="page_size", maximum=self._maximum_page)
                sizes.append(max(size, 1))
        return max(sizes, default=self._default_page)

    def _size(self, given: object) -> int:
        if isinstance(given, float) and given.is_integer():  # a variable's 5.0 is valid for an Int
            return int(given)
        return given if isinstance(given, int) else self._maximum_page

    def list_of(self, node: FieldNode, price: FieldPrice) -> int:
        """Return the maximum length of a list: the length of its argument, otherwise the length in its price."""
        if price.size_argument:
            name, *steps = price.size_argument
            given = next((self._value(each.value) for each in node.arguments or () if each.name.value == name), None)
            for step in steps:
                given = given.get(step) if isinstance(given, Mapping) else None
            if isinstance(given, list):
                return len(given)
        return self._unknown_list if price.size is None else price.size

    def conditions_of(self, node: FieldNode, price: Price) -> Conditions:
        """Return how the entries of a connection are found for the given arguments."""
        given = {each.name.value: each.value for each in node.arguments or ()}
        members: set[str] = set()
        for name in price.conditions & given.keys():
            value = self._value(given[name])
            if isinstance(value, Mapping):
                members |= {member for member, each in value.items() if each is not None}
            elif value is not None:
                members.add(name)
        if not members:
            return Conditions.NONE
        is_indexed = members <= price.indexed and (price.order not in given or self._value(given[price.order]) is None)
        return Conditions.INDEXED if is_indexed else Conditions.SCANNED

    def _value(self, node: ValueNode) -> Any:
        """Evaluate a literal or variable as far as a size needs it: numbers, lists, objects. None means absent."""
        if isinstance(node, VariableNode):
            name = node.name.value
            self.read.add(name)
            if name in self._variables:
                return self._variables[name]
            default = self._defaults.get(name)
            return None if default is None else self._value(default)
        if isinstance(node, IntValueNode):
            return int(node.value) if len(node.value) < _DIGITS else 10**_DIGITS
        if isinstance(node, ListValueNode):
            return [self._value(value) for value in node.values]
        if isinstance(node, ObjectValueNode):
            return {entry.name.value: self._value(entry.value) for entry in node.fields}
        return None if isinstance(node, NullValueNode) else ""
