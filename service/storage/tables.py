"""A table seen as values of one dataclass: names come from the Tortoise model, so that a renamed column breaks loudly.

Writes statements and reads rows; decides nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints

from tortoise.models import Model

from service.kit.keyset import PageRequest
from service.storage.conditions import Conditions
from service.storage.database import Row, Statements, placeholders

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Value = TypeVar("Value", bound=DataclassInstance)
else:
    Value = TypeVar("Value")

ROWS_A_STATEMENT = 500
"""Keeps the widest table (30 columns) below the 32,766 parameters that one statement may carry on either database."""


@lru_cache(maxsize=512)
def _insertion(table: str, columns: tuple[str, ...], rows: int) -> str:
    """Kept, because a group of orders writes a thousand placeholders, and groups are of the same few sizes."""
    width = len(columns)
    tuples = ", ".join(f"({placeholders(1 + index * width, width)})" for index in range(rows))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {tuples} ON CONFLICT DO NOTHING"


class Table(Generic[Value]):
    """`value` has one field for each column that is read or written, named as the model names it."""

    def __init__(self, model: type[Model], value: type[Value]) -> None:
        self.name: str = model._meta.db_table  # noqa: SLF001 - Tortoise publishes a model's table only there
        self.columns = tuple(field.name for field in fields(value))
        self.column_list = ", ".join(self.columns)
        unknown = set(self.columns) - set(model._meta.fields_map)  # noqa: SLF001
        if unknown:
            raise TypeError(f"{model.__name__} has no columns {sorted(unknown)}")
        self._value = value
        self._cells: Callable[[Value], tuple[Any, ...]] = attrgetter(*self.columns)
        hints = get_type_hints(value)
        self._enums: dict[str, type[Enum]] = {
            name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Enum)
        }

    def of(self, alias: str) -> str:
        """The column list under a table alias."""
        return ", ".join(f"{alias}.{column}" for column in self.columns)

    def value(self, row: Row) -> Value:
        """The row's value; its enumerations are members again."""
        facts: dict[str, Any] = {column: row[column] for column in self.columns}
        for column, enum in self._enums.items():
            facts[column] = enum(facts[column])
        return self._value(**facts)

    async def insert(self, statements: Statements, values: Iterable[Value]) -> int:
        """The values are rows; rows whose key stands already are left as they are. How many were inserted."""
        rows: Sequence[Value] = tuple(values)
        inserted = 0
        for start in range(0, len(rows), ROWS_A_STATEMENT):
            chunk = rows[start : start + ROWS_A_STATEMENT]
            parameters = [cell for value in chunk for cell in self._cells(value)]
            inserted += await statements.execute(_insertion(self.name, self.columns, len(chunk)), *parameters)
        return inserted

    async def select(self, statements: Statements, conditions: Conditions, rest: str = "") -> list[Value]:
        """The values whose rows fulfil the conditions."""
        rows = await statements.fetch(
            f"SELECT {self.column_list} FROM {self.name} WHERE {conditions.clause} {rest}", *conditions.parameters
        )
        return [self.value(row) for row in rows]

    async def page(
        self, statements: Statements, conditions: Conditions, column: str, request: PageRequest, *, descending: bool
    ) -> list[Value]:
        """One row more than the page holds, sorted by the column and then the id, in the order in which it is read.

        A position is compared as a row value: written out with OR, a page in the middle of a million orders costs
        thirty times as much.
        """
        for position, sign in (
            (request.after, "<" if descending else ">"),
            (request.before, ">" if descending else "<"),
        ):
            if position is not None:
                conditions.add(f"({column}, id) {sign} ({{}}, {{}})", position.value, position.id)
        direction = "DESC" if descending is not request.backward else "ASC"
        limit = conditions.parameter(request.limit + 1)
        return await self.select(statements, conditions, f"ORDER BY {column} {direction}, id {direction} LIMIT {limit}")
