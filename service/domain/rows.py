"""Rows of an import file, parsed with all their errors: the row, the column, and the reason of each.

Knows neither files nor the contents of rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from service.errors import Refused

T = TypeVar("T")
FAULTS_MAX = 1_000
"""Maximum number of errors that are reported; a file with more has another format than the expected one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in a cell, or in a whole row where the column is empty."""

    row: str
    column: str
    message: str


class Row:
    """One row by its name, such as `line 7`. Cells are texts or lists of texts; every error is kept in `faults`."""

    def __init__(self, name: str, cells: Mapping[str, Any], faults: list[Fault]) -> None:
        self.name = name
        self._cells = cells
        self._faults = faults

    @property
    def fault_count(self) -> int:
        """Return the number of errors of the file that are known so far."""
        return len(self._faults)

    def fail(self, column: str, message: str) -> None:
        """Report that the row cannot be imported."""
        if len(self._faults) < FAULTS_MAX:
            self._faults.append(Fault(self.name, column, message))

    def read(self, column: str, reader: Callable[[str], T]) -> T | None:
        """Return the cell as the reader parses it; None, and an error, when it is absent, no text, or refused."""
        cell = self._cells.get(column)
        if cell is None or cell == "":
            self.fail(column, "is missing")
        elif not isinstance(cell, str):
            self.fail(column, "is neither a text nor a number")
        else:
            try:
                return reader(cell)
            except Refused as refusal:
                self.fail(column, refusal.message)
        return None

    def read_optional(self, column: str, reader: Callable[[str], T]) -> T | None:
        """Read a cell as `read` does, but accept an absent or empty one."""
        return None if self._cells.get(column) in (None, "") else self.read(column, reader)

    def texts(self, column: str) -> list[str]:
        """Return the cell's list: a JSON list, or the parts of a text between semicolons."""
        cell = self._cells.get(column)
        parts = [part.strip() for part in cell.split(";")] if isinstance(cell, str) else cell
        if not isinstance(parts, list) or not parts or not all(isinstance(part, str) and part for part in parts):
            self.fail(column, "is not a list of names")
            return []
        return parts

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """Report columns that nothing has read, which are misspelt."""
        for column, cell in self._cells.items():
            if column not in known and cell not in (None, ""):
                self.fail(column, "is not a column of such a row")
