"""The models say what the migrated databases hold: columns, types, nullability, keys, unique sets and indexes.

Planted defects that it finds: a column of another type, length or nullability, a missing column, a key in another
order, a unique set or an index that only one of the two has, another condition of a partial index.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from tortoise import fields
from tortoise.context import get_current_context
from tortoise.fields.relational import RelationalField

from service.storage.database import Database, Statements
from service.storage.engines import Dialect
from service.storage.migrations._checksums import TABLE as CHECKSUMS
from service.storage.migrations._runner import HISTORY
from service.storage.models._columns import FixedCharField, IndexWhere

TYPES: dict[type[fields.Field[Any]], dict[Dialect, str]] = {
    fields.UUIDField: {"sqlite": "CHAR(36)", "postgresql": "uuid"},
    fields.DatetimeField: {"sqlite": "TEXT", "postgresql": "timestamp with time zone"},
    fields.DateField: {"sqlite": "DATE", "postgresql": "date"},
    fields.JSONField: {"sqlite": "TEXT", "postgresql": "jsonb"},
    fields.BooleanField: {"sqlite": "INTEGER", "postgresql": "boolean"},
    fields.BigIntField: {"sqlite": "BIGINT", "postgresql": "bigint"},
    fields.IntField: {"sqlite": "INTEGER", "postgresql": "integer"},
    fields.TextField: {"sqlite": "TEXT", "postgresql": "text"},
    fields.BinaryField: {"sqlite": "BLOB", "postgresql": "bytea"},
}


BOOKS = {HISTORY, CHECKSUMS}
"""Tables of the runner of migrations, which no model describes."""


@dataclass
class Shape:
    """A table as its database, or its model, describes it."""

    columns: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Type and nullability by name."""
    key: tuple[str, ...] = ()
    unique_sets: set[tuple[str, ...]] = field(default_factory=set)
    indexes: dict[str, tuple[tuple[str, ...], str, bool]] = field(default_factory=dict)
    """Columns, condition and uniqueness of each index by its name; unconditional unique ones are unique sets."""


def models() -> list[Any]:
    context = get_current_context()
    assert context is not None
    assert context.apps is not None
    return list(context.apps.get_models_iterable())


def plain(condition: str) -> str:
    """Return a condition as both databases can be made to write it: without casts, parentheses and doubled blanks."""
    return " ".join(re.sub(r"::[a-z]+( [a-z]+)*|[()]", " ", condition).split())


def shape_of_model(model: Any, dialect: Dialect) -> Shape:
    meta = model._meta
    shape = Shape()
    for name, column in meta.fields_map.items():
        if isinstance(column, RelationalField) or name == "pk":
            continue
        shape.columns[name] = (type_of(column, dialect), column.null)

    def names(declared: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(meta.fields_map[name].source_field or name for name in declared)

    sets = [names(declared) for declared in meta.unique_together]
    nominal = meta.db_pk_column
    shape.key = next((each for each in sets if nominal in each), (nominal,))
    shape.unique_sets = {each for each in sets if each != shape.key}
    shape.unique_sets |= {
        (name,) for name in shape.columns if meta.fields_map[name].unique and not meta.fields_map[name].pk
    }
    for index in meta.indexes:
        where = plain(index.where) if isinstance(index, IndexWhere) else ""
        is_unique = isinstance(index, IndexWhere) and index.is_unique
        shape.indexes[index.name] = (tuple(index.fields), where, is_unique)
    return shape


def type_of(column: Any, dialect: Dialect) -> str:
    if isinstance(column, FixedCharField):
        return f"CHAR({column.max_length})" if dialect == "sqlite" else f"character({column.max_length})"
    if isinstance(column, fields.CharField):
        return f"VARCHAR({column.max_length})" if dialect == "sqlite" else f"character varying({column.max_length})"
    return next(types[dialect] for kind, types in TYPES.items() if type(column) is kind)


async def tables_of(statements: Statements) -> dict[str, Shape]:
    read = sqlite_shape if statements.dialect == "sqlite" else postgresql_shape
    listed = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if statements.dialect == "sqlite"
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    )
    names = [row["name"] for row in await statements.fetch(listed)]
    return {
        name: await read(statements, name) for name in names if name not in BOOKS and not name.startswith("sqlite_")
    }


async def sqlite_shape(statements: Statements, table: str) -> Shape:
    shape = Shape()
    keys: dict[int, str] = {}
    for row in await statements.fetch(f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')"):
        if row["pk"]:
            keys[row["pk"]] = row["name"]
        shape.columns[row["name"]] = (row["type"], not row["notnull"] and not row["pk"])
    shape.key = tuple(keys[place] for place in sorted(keys))
    for index in await statements.fetch(f"SELECT name, \"unique\", origin, partial FROM pragma_index_list('{table}')"):
        listed = await statements.fetch(f"SELECT name FROM pragma_index_info('{index['name']}') ORDER BY seqno")
        columns = tuple(row["name"] for row in listed)
        text = await statements.fetch("SELECT sql FROM sqlite_master WHERE name = $1", index["name"])
        where = plain(text[0]["sql"].split(" WHERE ")[1]) if index["partial"] else ""
        if index["origin"] == "pk":
            continue
        if index["unique"] and not where:
            shape.unique_sets.add(columns)
        else:
            shape.indexes[index["name"]] = (columns, where, bool(index["unique"]))
    return shape


async def postgresql_shape(statements: Statements, table: str) -> Shape:
    shape = Shape()
    for row in await statements.fetch(
        "SELECT attname::text AS name, format_type(atttypid, atttypmod) AS kind, attnotnull AS needed FROM pg_attribute"
        f" WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
    ):
        shape.columns[row["name"]] = (row["kind"], not row["needed"])
    for index in await statements.fetch(
        "SELECT c.relname::text AS name, i.indisunique AS one, i.indisprimary AS leads,"
        " coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS condition,"
        " (SELECT string_agg(pg_get_indexdef(i.indexrelid, place, true), ',' ORDER BY place)"
        "  FROM generate_series(1, i.indnkeyatts) place) AS listed"
        f" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = '{table}'::regclass"
    ):
        columns = tuple(name.strip('"') for name in index["listed"].split(","))
        where = plain(index["condition"])
        if index["leads"]:
            shape.key = columns
        elif index["one"] and not where:
            shape.unique_sets.add(columns)
        else:
            shape.indexes[index["name"]] = (columns, where, index["one"])
    return shape


async def test_every_table_has_the_model_that_describes_it(database: Database):
    found = await tables_of(database.reader)
    assert sorted(found) == sorted(model._meta.db_table for model in models())


@pytest.mark.parametrize("part", ["columns", "key", "unique_sets", "indexes"])
async def test_models_describe_the_migrated_tables(database: Database, part: str):
    found = {name: getattr(shape, part) for name, shape in (await tables_of(database.reader)).items()}
    assert found == {model._meta.db_table: getattr(shape_of_model(model, database.dialect), part) for model in models()}


async def test_every_model_says_what_a_row_is():
    assert [model.__name__ for model in models() if not (model.__doc__ or "").strip()] == []
