"""The tables that say who may do what, read from their files, and the names that the schema and the routes have."""

import tomllib
from pathlib import Path
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type

from service.api.graphql.schema import schema as strawberry_schema
from service.domain.api_keys import Scope
from tests.permissions.world import ALTERNATIVES, MONEY, PARENT

HERE = Path(__file__).parent
SCHEMA = strawberry_schema._schema
NEEDS = frozenset({*Scope, *ALTERNATIVES, MONEY, PARENT})


def table(name: str) -> dict[str, Any]:
    """Return the table of that file."""
    return tomllib.loads((HERE / f"{name}.toml").read_text())


def needs_of(text: str) -> frozenset[str]:
    """Return what a heading asks for: `orders:read + money`; `open` asks for nothing but a key."""
    needs = frozenset() if text == "open" else frozenset(text.split(" + "))
    assert needs <= NEEDS, f"{text} asks for something that no identity holds"
    return needs


def scopes_in(needs: frozenset[str]) -> frozenset[str]:
    """Return the scopes that the permissions name, each alternative included."""
    return frozenset(scope for need in needs for scope in need.split("|") if scope in set(Scope))


def fields() -> dict[tuple[str, str], frozenset[str]]:
    """Return what each field of each object type asks for."""
    rows: dict[tuple[str, str], frozenset[str]] = {}
    for type_name, groups in table("fields").items():
        for heading, names in groups.items():
            for name in names.split():
                assert (type_name, name) not in rows, f"{type_name}.{name} has two rows"
                rows[type_name, name] = needs_of(heading)
    return rows


def object_types() -> dict[str, GraphQLObjectType]:
    """Return the object types of the schema that hold its data, without those of introspection."""
    return {
        name: kind
        for name, kind in SCHEMA.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    }


def fields_that_ask() -> set[tuple[str, str]]:
    """Return the fields that need a row: queries, mutations, subscriptions, and all others whose resolver awaits.

    Every operation is awaited. A field that awaits nothing shows a value of the object that it belongs to, which its
    reader was given by a field that awaits.
    """
    found = set()
    for type_name, kind in object_types().items():
        definition = kind.extensions["strawberry-definition"]
        for each in definition.fields:
            asks = each.base_resolver is not None and each.is_async
            if asks or type_name in {"Query", "Mutation", "Subscription"}:
                found.add((type_name, str(strawberry_schema.config.name_converter.from_field(each))))
    return found


def node_kinds() -> list[str]:
    """Return the names of the types that `node(id)` shows."""
    return sorted(kind.name for kind in SCHEMA.get_possible_types(SCHEMA.type_map["Node"]))  # type: ignore[arg-type]


def ids_in(mutation: str) -> set[str]:
    """Return the dotted paths of the mutation's input that take an id, or another reference to an object."""
    found: set[str] = set()

    def walk(kind: Any, path: str) -> None:
        for name, member in kind.fields.items():
            inner = get_named_type(member.type)
            below = f"{path}.{name}" if path else name
            if isinstance(inner, GraphQLInputObjectType):
                walk(inner, below)
            elif inner.name == "ID":
                found.add(below)

    assert SCHEMA.mutation_type is not None
    walk(get_named_type(SCHEMA.mutation_type.fields[mutation].args["input"].type), "")
    return found


def unwrapped(kind: Any) -> Any:
    """Return the type without its non-null and list wrappers."""
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return kind
