"""Writes random operations for any schema: aliases, merged fields, fragments, directives, arguments and variables.

What it writes is nearly always valid, and sometimes not quite: a refusal has to be the same too.
"""

from random import Random
from typing import Any, NamedTuple
from zlib import crc32

from graphql import (
    GraphQLArgument,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)


class Written(NamedTuple):
    """A document, the name of its operation, and the variables to send with it."""

    text: str
    name: str
    variables: dict[str, Any]

    def flipped(self) -> "Written":
        """Return the variables with every boolean inverted, so that other conditions hold."""
        flipped = {name: not value if isinstance(value, bool) else value for name, value in self.variables.items()}
        return self._replace(variables=flipped)


# What to send for scalars: (literal, JSON value). Unknown scalars get strings.
_SCALARS: dict[str, list[tuple[str, Any]]] = {
    "Int": [("0", 0), ("1", 1), ("3", 3), ("2", 2)],
    "Float": [("0.5", 0.5), ("2", 2), ("-1e3", -1000.0)],
    "String": [('"a"', "a"), ('""', ""), ('"nobody"', "nobody"), ('"é"', "é")],
    "Boolean": [("true", True), ("false", False)],
    "ID": [('"Qm9vazox"', "Qm9vazox"), ('"TWFnYXppbmU6MQ=="', "TWFnYXppbmU6MQ=="), ('"x"', "x"), ("3", 3)],
    "DateTime": [('"2020-01-01T00:00:00+00:00"', "2020-01-01T00:00:00+00:00"), ('"soon"', "soon")],
}
_STRINGS: list[tuple[str, Any]] = [('"7"', "7"), ('"12"', "12"), ('"odd"', "odd")]


class OperationWriter:
    """One operation. `scalars` adds to or replaces what is sent for scalars, by name."""

    def __init__(
        self,
        schema: GraphQLSchema,
        random: Random,
        *,
        depth_max: int = 4,
        width_max: int = 5,
        scalars: dict[str, list[tuple[str, Any]]] | None = None,
    ) -> None:
        self._schema = schema
        self._random = random
        self._depth_max = depth_max
        self._width_max = width_max
        self._scalars = _SCALARS | (scalars or {})
        self._definitions: list[str] = []
        self._variables: dict[str, Any] = {}
        self._fragments: list[tuple[str, str, str]] = []
        self._fields_left = 45

    def write(self, kind: str = "query") -> Written:
        root = {"query": self._schema.query_type, "mutation": self._schema.mutation_type}[kind]
        assert root is not None
        selections = self._selections(root, 0)
        declared = f"({', '.join(self._definitions)})" if self._definitions else ""
        fragments = "".join(f"\nfragment {name} on {type_} {body}" for name, type_, body in self._fragments)
        return Written(f"{kind} Written{declared} {selections}{fragments}", "Written", self._variables)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _selections(self, type_: GraphQLNamedType, depth: int) -> str:
        parts = []
        for _ in range(self._random.randint(1, self._width_max)):
            self._fields_left -= 1
            parts.append(self._selection(type_, depth) if self._fields_left > 0 else "__typename")
        if self._chance(0.15):
            parts.append(self._random.choice(parts))  # the same again: it must be merged
        return f"{{ {' '.join(parts)} }}"

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        fields = getattr(type_, "fields", {})
        if depth and not fields and not is_abstract_type(type_):
            return "__typename"
        if not fields or self._chance(0.25 if depth else 0.1):
            if self._chance(0.15):
                return f"__typename{self._directives()}"
            return self._fragment(type_, depth)
        name = self._random.choice(list(fields))
        field = fields[name]
        named = get_named_type(field.type)
        if depth >= self._depth_max and not is_leaf_type(named):
            return "__typename"
        arguments = self._arguments(field.args)
        below = "" if is_leaf_type(named) else f" {self._selections(named, depth + 1)}"
        # An alias that follows from type and arguments lets equal fields meet and unequal ones pass by each other.
        alias = f"{type_.name}_{name}_{crc32(arguments.encode()) % 97}: " if arguments or self._chance(0.2) else ""
        return f"{alias}{name}{arguments}{self._directives()}{below}"

    def _fragment(self, type_: GraphQLNamedType, depth: int) -> str:
        on = type_
        if is_abstract_type(type_) and self._chance(0.8):
            on = self._random.choice(list(self._schema.get_possible_types(type_)))
        elif self._chance(0.3):
            on = self._random.choice([*getattr(type_, "interfaces", ()), type_])
        known = [name for name, target, _ in self._fragments if target == on.name]
        if known and self._chance(0.4):
            return f"...{self._random.choice(known)}{self._directives()}"
        body = self._selections(on, depth)
        if self._chance(0.4):
            name = f"F{len(self._fragments)}"
            self._fragments.append((name, on.name, body))
            return f"...{name}{self._directives()}"
        condition = f" on {on.name}" if on is not type_ or self._chance(0.5) else ""
        return f"...{condition}{self._directives()} {body}"

    def _directives(self) -> str:
        if not self._chance(0.15):
            return ""
        name = self._random.choice(["skip", "include"])
        if self._chance(0.5):
            return f" @{name}(if: {self._random.choice(['true', 'false'])})"
        variable = f"if{self._random.randrange(3)}"
        if not any(definition.startswith(f"${variable}:") for definition in self._definitions):
            default = self._random.choice(["", " = true"])
            self._definitions.append(f"${variable}: Boolean!{default}")
            if not default or self._chance(0.6):
                self._variables[variable] = None if self._chance(0.03) else self._chance(0.5)
        return f" @{name}(if: ${variable})"

    def _arguments(self, arguments: dict[str, GraphQLArgument]) -> str:
        given = [
            f"{name}: {self._value(argument.type, variable=True)}"
            for name, argument in arguments.items()
            if is_required_argument(argument) or self._chance(0.5)
        ]
        return f"({', '.join(given)})" if given else ""

    def _value(self, type_: GraphQLInputType, *, variable: bool) -> str:
        if variable and self._chance(0.45):
            return self._variable(type_)
        return self._literal_and_json(type_, variable=variable)[0]

    def _variable(self, type_: GraphQLInputType) -> str:
        name = f"v{len(self._definitions)}"
        literal, value = self._literal_and_json(type_, variable=False)
        default = f" = {literal}" if self._chance(0.3) else ""
        self._definitions.append(f"${name}: {type_}{default}")
        if self._chance(0.97 if is_non_null_type(type_) else 0.6):
            self._variables[name] = value
        return f"${name}"

    def _literal_and_json(self, type_: GraphQLInputType, *, variable: bool) -> tuple[str, Any]:
        required = is_non_null_type(type_)
        type_ = type_.of_type if required else type_
        if self._chance(0.005 if required else 0.1):
            return "null", None
        if is_list_type(type_):
            if self._chance(0.2):
                return self._literal_and_json(type_.of_type, variable=False)
            items = [self._item(type_.of_type, variable=variable) for _ in range(self._random.randrange(3))]
            return f"[{', '.join(literal for literal, _ in items)}]", [value for _, value in items]
        if is_input_object_type(type_):
            items = {
                name: self._item(field.type, variable=variable)
                for name, field in type_.fields.items()
                if is_non_null_type(field.type) or self._chance(0.6)
            }
            literal = ", ".join(f"{name}: {literal}" for name, (literal, _) in items.items())
            return f"{{{literal}}}", {name: value for name, (_, value) in items.items()}
        if is_enum_type(type_):
            name = self._random.choice(list(type_.values))
            return name, name
        values = self._scalars.get(type_.name, _STRINGS)
        # The last of several is the odd one.
        return values[-1] if self._chance(0.03) else self._random.choice(values[:-1] or values)

    def _item(self, type_: GraphQLInputType, *, variable: bool) -> tuple[str, Any]:
        if variable and self._chance(0.15):
            return self._variable(type_), None
        return self._literal_and_json(type_, variable=variable)
