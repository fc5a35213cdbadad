"""Builder of WHERE clauses with numbered parameters; SQL for statements that differ by request."""

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

from service.storage.database import placeholders

_Part: TypeAlias = tuple[Callable[[str, int, int], str], str, int, int]
"""Text of a condition: the function that writes it, its template, its first parameter number, and the number of
parameters.
"""


class Conditions:
    """A list of conditions that grows by `add`; `clause` and `parameters` belong together. `is_never` is True if no row
    can meet them. The clauses of one statement share their `parameters`.
    """

    __slots__ = ("_parts", "is_never", "parameters")

    def __init__(self, parameters: list[object] | None = None) -> None:
        self.parameters: list[object] = [] if parameters is None else parameters
        self._parts: list[_Part] = []
        self.is_never = False

    @property
    def clause(self) -> str:
        return _clause(tuple(self._parts))

    def statement(self, select: str, rest: str) -> str:
        """Return `select`, the conditions and the rest as one text; equal requests give equal texts."""
        return _statement(select, tuple(self._parts), rest)

    def add(self, template: str, *values: object) -> None:
        """Add a condition; each `{}` in the template represents one value."""
        self._parts.append((_numbered, template, len(self.parameters) + 1, len(values)))
        self.parameters.extend(values)

    def add_in(self, column: str, values: Collection[object]) -> None:
        """Add the condition that the column has one of the values; without values no row meets it."""
        if not values:
            self._parts.append((_numbered, "1 = 0", 0, 0))
            self.is_never = True
            return
        self._parts.append((_listed, column, len(self.parameters) + 1, len(values)))
        self.parameters.extend(values)

    def parameter(self, value: object) -> str:
        """Return a placeholder for a value outside the conditions, such as a LIMIT."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"


def owned(account_id: UUID, parameters: list[object] | None = None) -> Conditions:
    """Return conditions that hold for the rows of the account; if `parameters` is given, they are numbered after
    those, and their values are appended to that list.
    """
    conditions = Conditions(parameters)
    conditions.add("account_id = {}", account_id)
    return conditions


def among(column: str, values: Collection[object]) -> Conditions:
    """Return conditions that hold for the rows whose column has one of the values."""
    conditions = Conditions()
    conditions.add_in(column, values)
    return conditions


@lru_cache(maxsize=1_024)
def _statement(select: str, parts: tuple[_Part, ...], rest: str) -> str:
    """Return the text of a clause; cached, because most statements repeat with other values."""
    return f"{select} WHERE {_clause(parts)} {rest}"


def _clause(parts: tuple[_Part, ...]) -> str:
    return " AND ".join([write(text, start, values) for write, text, start, values in parts])


def _numbered(template: str, start: int, values: int) -> str:
    for number in range(start, start + values):
        template = template.replace("{}", f"${number}", 1)
    return template


def _listed(column: str, start: int, values: int) -> str:
    return f"{column} IN ({placeholders(start, values)})"
