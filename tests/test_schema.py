"""The schema as it is published: in step with the code, and every word of it explained.

Seen to fail when: a field is added without `make schema`; a type, a field, an argument or a member of an enumeration
has no description; a root field of Query or Mutation is non-null; a class that gives its type the name is renamed.
"""

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    find_breaking_changes,
)

from service.api.graphql.schema import schema

FILE = Path(__file__).parents[1] / "schema.graphql"
RELEASED = Path(__file__).with_name("conformance").joinpath("released.graphql").read_text(encoding="utf-8")
TYPES = {name: kind for name, kind in schema._schema.type_map.items() if not name.startswith("__")}
STANDARD = {"String", "Int", "Float", "Boolean", "ID"}


def test_the_published_schema_is_the_one_that_is_served():
    assert FILE.read_text(encoding="utf-8").strip() == schema.as_str().strip(), "run: make schema"


def test_no_name_of_the_last_release_is_gone():
    # The same as tests/conformance asks of GraphQL Inspector, where there is no node. `make schema` would hide a
    # renaming from the test above, and the released file is not written by it.
    assert [change.description for change in find_breaking_changes(build_schema(RELEASED), schema._schema)] == []


def _undescribed() -> Iterator[str]:
    for name, kind in TYPES.items():
        if name not in STANDARD and not kind.description:
            yield name
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, definition in kind.fields.items():
                if not definition.description:
                    yield f"{name}.{field}"
                yield from (f"{name}.{field}({key}:)" for key, each in definition.args.items() if not each.description)
        elif isinstance(kind, GraphQLInputObjectType):
            yield from (f"{name}.{field}" for field, each in kind.fields.items() if not each.description)
        elif isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{member}" for member, each in kind.values.items() if not each.description)


def test_every_word_of_the_schema_is_explained():
    assert list(_undescribed()) == []


def test_a_root_field_may_fail_alone():
    roots = [kind for kind in (schema._schema.query_type, schema._schema.mutation_type) if kind]
    assert [
        f"{root.name}.{name}" for root in roots for name, field in root.fields.items() if str(field.type)[-1] == "!"
    ] == []


def test_a_list_is_a_page_or_bounded():
    """Nothing is listed without end: what can grow is a connection."""
    connections = [name for name in TYPES if name.endswith("Connection")]
    assert connections
    for name in connections:
        assert {"edges", "nodes", "pageInfo", "totalCount"} <= set(TYPES[name].fields), name
    users = [
        field
        for kind in TYPES.values()
        if isinstance(kind, GraphQLObjectType)
        for field in kind.fields.values()
        if str(field.type).rstrip("!") in connections
    ]
    assert all({"first", "after", "last", "before"} <= set(field.args) for field in users)
