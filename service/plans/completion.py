"""Completion of types: as an expression for one value where nothing below it waits, as statements for the values of a
whole level where something does.

Knows nothing of how the values were read. `v` is the present value in every expression; a comprehension has its own.
"""

from typing import NamedTuple, TypeAlias

from graphql import GraphQLLeafType

from service.plans.leaves import leaf_expression
from service.plans.source import Function, Names


class Leaf(NamedTuple):
    """A scalar or an enum; one that is already in its JSON form needs no conversion."""

    type_: GraphQLLeafType
    nullable: bool
    names: Names
    is_written: bool = False

    @property
    def waits(self) -> bool:
        return False

    def expression(self, read: str) -> str:
        return read if self.is_written else leaf_expression(self.type_, self.nullable, _kept(read), self.names)

    def statements(self) -> list[str]:
        return []


class Object(NamedTuple):
    """An object of one type; nulls are removed before."""

    select: Function

    @property
    def waits(self) -> bool:
        return self.select.waits

    def expression(self, read: str) -> str:
        return f"{self.select.name}(run, {read})"

    def statements(self) -> list[str]:
        return [f"values = await {self.select.name}(run, values)"]


class OneOf(NamedTuple):
    """An object of an interface or union: `sort` names its type, `table` has the function for each."""

    sort: str
    table: str
    waits: bool

    def expression(self, read: str) -> str:
        return f"{self.table}[{self.sort}(run, {_kept(read)})](run, v)"

    def statements(self) -> list[str]:
        return [f"values = await {self.sort}.all(run, values, {self.table})"]


class Nullable(NamedTuple):
    inner: "Completion"
    names: Names

    @property
    def waits(self) -> bool:
        return self.inner.waits

    def expression(self, read: str) -> str:
        return f"None if {_kept(read)} is None else {self.inner.expression('v')}"

    def statements(self) -> list[str]:
        holes = self.names.fresh("holes")
        return [
            f"values, {holes} = present(values)",
            *self.inner.statements(),
            f"values = refill(values, {holes})",
        ]


class Items(NamedTuple):
    """A list whose items `inner` completes."""

    inner: "Completion"
    names: Names

    @property
    def waits(self) -> bool:
        return self.inner.waits

    def expression(self, read: str) -> str:
        return f"[{self.inner.expression('v')} for v in items({read})]"

    def statements(self) -> list[str]:
        sizes = self.names.fresh("sizes")
        return [f"values, {sizes} = unfold(values)", *self.inner.statements(), f"values = fold(values, {sizes})"]


Completion: TypeAlias = Leaf | Object | OneOf | Nullable | Items


def level(completion: Completion) -> list[str]:
    """Return statements that complete the raw values of a level in `values`."""
    if completion.waits:
        return [*completion.statements(), "return values"]
    return [f"return [{completion.expression('v')} for v in values]"]


def _kept(read: str) -> str:
    """Return the reading of a value, which leaves it in `v`."""
    return read if read == "v" else f"(v := {read})"
