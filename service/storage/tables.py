"""A table whose rows are values of one dataclass; SQL for hot reads (4 to 6 times faster), groups and conditional
updates.

Column names come from the Tortoise model, so that a renamed column causes an error.

Contains no rules of its own.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from functools import lru_cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar, get_args, get_type_hints
from uuid import UUID

from tortoise.expressions import Q, RawSQL
from tortoise.fields.relational import RelationalField
from tortoise.models import Model
from tortoise.queryset import QuerySet

from service.kit.keyset import PageRequest, Position
from service.kit.search_key import search_key
from service.storage.conditions import Conditions
from service.storage.database import Row, Statements, placeholders

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Value = TypeVar("Value", bound=DataclassInstance)
else:
    Value = TypeVar("Value")

ROWS_A_STATEMENT = 512
"""Maximum rows of a statement: keeps the widest table (32 columns) below the 32,766 parameters that a statement may
have on either database.
"""


LIGHT_KINDS_MAX = 256
"""Maximum number of column selections for which a table caches a class."""

Columns: TypeAlias = frozenset[str] | None
"""Columns to read; None for all, as values of the dataclass."""


@lru_cache(maxsize=1024)
def with_columns(columns: Columns, *more: str) -> Columns:
    """Return the columns with some more. Cached, because the same requests repeat."""
    return None if columns is None else columns.union(more)


def contains_text(column: str, text: str) -> Q:
    """Return the condition that the column's search key contains the key of the text; or if the row has no key yet,
    that the column contains the text, ignoring the case of ASCII letters. No character is a wildcard.
    """
    key_column: dict[str, Any] = {f"{column}_key__contains": search_key(text)}
    lacking: dict[str, Any] = {f"{column}_key": None, f"{column}__icontains": text}
    return Q(**key_column) | Q(**lacking)


def columns_of(model: type[Model]) -> set[str]:
    """Return the names of the model's columns; a relation's column has the relation's name and `_id`."""
    return {
        f"{name}_id" if isinstance(field, RelationalField) else name
        for name, field in model._meta.fields_map.items()  # noqa: SLF001 - Tortoise publishes a model's fields only there
    }


def given(**conditions: Any) -> Q:
    """Return conditions for the members of a filter; a member that is None adds no condition."""
    return Q(**{name: value for name, value in conditions.items() if value is not None})


def _beyond(column: str, sign: str, position: Position) -> Q:
    """Return the condition that a row comes after the position (`gt`) or before it (`lt`).

    Tortoise does not support row values. The additional bound on the column alone lets the index start at the position;
    without it each alternative would be searched separately.
    """
    bound: dict[str, Any] = {f"{column}__{sign}e": position.value}
    past: dict[str, Any] = {f"{column}__{sign}": position.value}
    later: dict[str, Any] = {f"id__{sign}": position.id}
    return Q(**bound) & (Q(**past) | Q(**later))


class _Light(NamedTuple):
    """A selection of columns: the start of the statement, the enumerations by position, and the class for a row's
    value.
    """

    select: str
    enums: list[tuple[int, dict[Any, Enum | None]]]
    make: Callable[[Iterable[Any]], Any]

    def values(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        if self.enums and rows:
            # Converted column by column, because a loop over the cells of each row would take most of the time for a
            # page.
            cells: list[Iterable[Any]] = list(zip(*rows, strict=True))
            for index, members in self.enums:
                cells[index] = map(members.__getitem__, cells[index])
            rows = zip(*cells, strict=True)
        return list(map(self.make, rows))


def _enum_of(hint: object) -> type[Enum] | None:
    """Return the enumeration of a member's type, which may also allow None."""
    for kind in get_args(hint) or (hint,):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind
    return None


@lru_cache(maxsize=512)
def _insertion(table: str, columns: tuple[str, ...], rows: int) -> str:
    """Return the rows of placeholders; cached, because a group of orders writes a thousand rows, and groups have few
    different sizes.
    """
    width = len(columns)
    tuples = ", ".join(f"({placeholders(1 + index * width, width)})" for index in range(rows))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {tuples} ON CONFLICT DO NOTHING"


class _Places:
    """Placeholders of a statement, numbered in the order in which its values are given."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def of(self, value: object) -> str:
        """Return the placeholder of the value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def where(self, conditions: Mapping[str, object]) -> str:
        """Return the condition that each column has its value, where a value may be None or a list of alternatives."""
        return " AND ".join(self._equals(column, value) for column, value in conditions.items())

    def _equals(self, column: str, value: object) -> str:
        if value is None:
            return f"{column} IS NULL"
        if isinstance(value, list):
            return f"{column} IN ({', '.join(map(self.of, value)) or 'NULL'})"
        return f"{column} = {self.of(value)}"


class Table(Generic[Value]):
    """`value` has one field for each column that is read, under the model's name.

    `derived` columns are computed from the value and written with every insert; they serve conditions and are not
    fields of the value. `joined` fields of the value are read from other tables, by an expression on the row `{row}`,
    and are never written; they are absent if columns were chosen.
    """

    def __init__(
        self,
        model: type[Model],
        value: type[Value],
        derived: Mapping[str, Callable[[Value], Any]] | None = None,
        joined: Mapping[str, str] | None = None,
    ) -> None:
        self.model: Any = model
        self.name: str = model._meta.db_table  # noqa: SLF001 - Tortoise publishes a model's table only there
        self._joined = dict(joined or {})
        self.columns = tuple(field.name for field in fields(value) if field.name not in self._joined)
        self._read = (*self.columns, *self._joined)
        self.column_list = ", ".join((*self.columns, *self._joins(self.name)))
        self._derivations = dict(derived or {})
        self._derived = tuple(self._derivations.values())
        self._written = (*self.columns, *(derived or {}))
        unknown = set(self._written) - columns_of(model)
        if unknown:
            raise TypeError(f"{model.__name__} has no columns {sorted(unknown)}")
        self._select = f"SELECT {self.column_list} FROM {self.name}"
        self._value = value
        self._cells: Callable[[Value], tuple[Any, ...]] = attrgetter(*self.columns)
        hints = get_type_hints(value)
        self._light: dict[frozenset[str], _Light] = {}
        self._enums: dict[str, type[Enum]] = {
            name: enum for name, hint in hints.items() if (enum := _enum_of(hint)) is not None
        }

    def of(self, alias: str) -> str:
        """Return the column list for a table alias."""
        return ", ".join((*(f"{alias}.{column}" for column in self.columns), *self._joins(alias)))

    def _joins(self, alias: str) -> list[str]:
        return [f"{expression.format(row=alias)} AS {name}" for name, expression in self._joined.items()]

    def value(self, row: Row) -> Value:
        """Return the row's value, with enumerations as members."""
        facts: dict[str, Any] = {column: row[column] for column in self._read}
        for column, enum in self._enums.items():
            if facts[column] is not None:
                facts[column] = enum(facts[column])
        return self._value(**facts)

    async def insert(self, statements: Statements, values: Iterable[Value]) -> int:
        """Insert the values; rows whose key exists already stay unchanged. Return the number of inserted rows."""
        rows: Sequence[Value] = tuple(values)
        inserted = start = 0
        while start < len(rows):
            # Group sizes are powers of two, because a database caches prepared statements; one for each possible size
            # of a group would exceed the cache.
            size = min(ROWS_A_STATEMENT, 1 << (len(rows) - start).bit_length() - 1)
            parameters = [cell for value in rows[start : start + size] for cell in self._cells_written(value)]
            inserted += await statements.execute(_insertion(self.name, self._written, size), *parameters)
            start += size
        return inserted

    def _cells_written(self, value: Value) -> tuple[Any, ...]:
        if not self._derived:
            return self._cells(value)
        return (*self._cells(value), *(derive(value) for derive in self._derived))

    async def write_over(self, statements: Statements, value: Value, *key: str) -> None:
        """Insert the value, or overwrite the row with the same key."""
        columns = ", ".join(self._written)
        changes = ", ".join(f"{column} = excluded.{column}" for column in self._written if column not in key)
        await statements.execute(
            f"INSERT INTO {self.name} ({columns}) VALUES ({placeholders(1, len(self._written))})"
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}",
            *self._cells_written(value),
        )

    async def change(self, statements: Statements, value: Value, columns: Iterable[str], *key: str) -> None:
        """Update these columns of the row that has the value's key, together with their search keys."""
        cells = {column: getattr(value, column) for column in columns}
        for name, derive in self._derivations.items():
            if name.removesuffix("_key") in cells:
                cells[name] = derive(value)
        await self.update(statements, cells, **{column: getattr(value, column) for column in key})

    async def update(self, statements: Statements, changes: Mapping[str, object], **where: object) -> int:
        """Set these columns of the rows that match `where`, in which None stands for NULL and a list for any of its
        values. Return the number of rows. If the change ends the condition, only one of two concurrent callers gets a
        row.
        """
        places = _Places()
        assignments = ", ".join(f"{column} = {places.of(value)}" for column, value in changes.items())
        return await statements.execute(
            f"UPDATE {self.name} SET {assignments} WHERE {places.where(where)}", *places.values
        )

    async def delete(self, statements: Statements, **where: object) -> int:
        """Delete the rows whose columns have these values, as in `update`; return their number."""
        places = _Places()
        return await statements.execute(f"DELETE FROM {self.name} WHERE {places.where(where)}", *places.values)

    async def select(
        self, statements: Statements, conditions: Conditions, rest: str = "", columns: Columns = None
    ) -> list[Value]:
        """Return the values whose rows meet the conditions.

        With `columns` the values are named tuples of these columns only, which take a tenth of the time of a frozen
        dataclass with thirty fields. Any other attribute raises `AttributeError`, which means that the caller named too
        few columns.
        """
        if conditions.is_never:
            return []
        return await self._values(statements, partial(conditions.statement, rest=rest), conditions.parameters, columns)

    async def _values(
        self, statements: Statements, text: Callable[[str], str], parameters: Iterable[object], columns: Columns
    ) -> list[Value]:
        """Return the values of a statement; its text begins with the part that selects their columns."""
        if columns is None:
            return [self.value(row) for row in await statements.fetch(text(self._select), *parameters)]
        light = self._light.get(columns) or self._lightly(columns)
        return light.values(await statements.fetch_cells(text(light.select), *parameters))

    async def read(self, statements: Statements, query: QuerySet[Any]) -> list[Value]:
        """Return the values of the rows that a query of the model finds."""
        if self._joined:
            query = query.annotate(
                **{name: RawSQL(expression.format(row=self.name)) for name, expression in self._joined.items()}
            )
        return [self.value(row) for row in await query.using_db(statements.client).values(*self._read)]

    async def read_first(self, statements: Statements, query: QuerySet[Any]) -> Value | None:
        """Return the value of the first row that the query finds, or None."""
        found = await self.read(statements, query)
        return found[0] if found else None

    async def read_by(self, statements: Statements, query: QuerySet[Any], column: str = "id") -> dict[Any, Value]:
        """Return the values of the rows that the query finds, by the column."""
        return {getattr(value, column): value for value in await self.read(statements, query)}

    async def read_page(
        self,
        statements: Statements,
        query: QuerySet[Any],
        column: str,
        request: PageRequest,
        *,
        descending: bool,
    ) -> list[Value]:
        """Return one row more than the page holds, as `page` does."""
        for position, sign in (
            (request.after, "lt" if descending else "gt"),
            (request.before, "gt" if descending else "lt"),
        ):
            if position is not None:
                query = query.filter(_beyond(column, sign, position))
        direction = "-" if descending is not request.backward else ""
        return await self.read(
            statements, query.order_by(f"{direction}{column}", f"{direction}id").limit(request.limit + 1)
        )

    async def read_by_id(self, statements: Statements, query: QuerySet[Any], request: PageRequest) -> list[Value]:
        """Return one row more than the page holds, the highest id first: an id begins with its time of creation, so the
        primary key serves as the index. The value in a position is ignored.
        """
        for position, sign in ((request.after, "lt"), (request.before, "gt")):
            if position is not None:
                bound: dict[str, Any] = {f"id__{sign}": position.id}
                query = query.filter(**bound)
        return await self.read(statements, query.order_by("id" if request.backward else "-id").limit(request.limit + 1))

    async def by_id(self, statements: Statements, conditions: Conditions, columns: Columns = None) -> dict[UUID, Value]:
        """Return the values whose rows meet the conditions, by their ids."""
        found: Sequence[Any] = await self.select(statements, conditions, columns=with_columns(columns, "id"))
        return {value.id: value for value in found}

    def _lightly(self, columns: frozenset[str]) -> _Light:
        asked = tuple(column for column in self.columns if column in columns)
        if len(asked) < len(columns):
            raise TypeError(f"{self.name} has no columns {sorted(columns - set(asked))}")
        if len(self._light) >= LIGHT_KINDS_MAX:
            self._light.clear()  # callers choose the columns, and there are too many combinations to cache them all
        members = [
            (index, {None: None} | {member.value: member for member in self._enums[column]})
            for index, column in enumerate(asked)
            if column in self._enums
        ]
        kind: Any = namedtuple(f"Light{self._value.__name__}", asked)  # type: ignore[misc]  # noqa: PYI024
        # Same as the class's own `_make`, without its check of the length, which the statement determines.
        make = partial(tuple.__new__, kind)
        light = self._light[columns] = _Light(f"SELECT {', '.join(asked)} FROM {self.name}", members, make)
        return light

    async def page(
        self,
        statements: Statements,
        alternatives: Sequence[Conditions],
        column: str,
        request: PageRequest,
        *,
        descending: bool,
        columns: Columns = None,
    ) -> list[Value]:
        """Return one row more than the page holds, sorted by the column and then the id, in the order in which the page
        is read. A row must meet one of the alternatives, which share their parameters; no row may meet two.

        Each alternative stops after a page of its index. A position is compared as a row value: written out with OR, a
        page in the middle of a million orders takes thirty times as long.
        """
        if all(conditions.is_never for conditions in alternatives):
            return []
        for conditions in alternatives:
            for position, sign in (
                (request.after, "<" if descending else ">"),
                (request.before, ">" if descending else "<"),
            ):
                if position is not None:
                    conditions.add(f"({column}, id) {sign} ({{}}, {{}})", position.value, position.id)
        direction = "DESC" if descending is not request.backward else "ASC"
        limit = alternatives[0].parameter(request.limit + 1)
        rest = f"ORDER BY {column} {direction}, id {direction} LIMIT {limit}"

        def text(select: str) -> str:
            pages = [conditions.statement(select, rest) for conditions in alternatives]
            if len(pages) == 1:
                return pages[0]
            return " UNION ALL ".join(f"SELECT * FROM ({each}) AS one" for each in pages) + f" {rest}"

        return await self._values(statements, text, alternatives[0].parameters, with_columns(columns, column, "id"))
