"""Rows of an import file, parsed with all their errors: row, column and reason of each.

Does not know files or what rows mean.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from service.domain.file_rows import SURPLUS
from service.errors import Code, Refused

T = TypeVar("T")
FAULTS_MAX = 1_000
"""Maximum number of errors that are reported. More errors mean that the file as a whole has another format."""

_WITH_EXPONENT = re.compile(r"[0-9]+(?:\.[0-9]*)?[eE][+-]?0*[0-9]{1,3}")
_PLAIN_LENGTH_MAX = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of a cell, or of a whole row if the column is empty."""

    row: str
    column: str
    message: str


class Row:
    """A row with its name, such as `line 7`. Cells are texts or lists of texts; errors are collected in `faults`."""

    def __init__(self, name: str, cells: Mapping[str, Any], faults: list[Fault]) -> None:
        self.name = name
        self._cells = cells
        self._faults = faults

    @property
    def fault_count(self) -> int:
        """Return the number of errors found in the file so far."""
        return len(self._faults)

    def fail(self, column: str, message: str) -> None:
        """Report that the row cannot be imported."""
        if len(self._faults) < FAULTS_MAX:
            self._faults.append(Fault(self.name, column, message))

    def read(self, column: str, reader: Callable[[str], T]) -> T | None:
        """Return the cell's parsed value. Report an error and return None if the cell is absent, not a text, or refused
        by the reader.
        """
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
        """Return the cell's list: a JSON list, or the parts of a text that is separated by semicolons."""
        cell = self._cells.get(column)
        parts = [part.strip() for part in cell.split(";")] if isinstance(cell, str) else cell
        if not isinstance(parts, list) or not parts or not all(isinstance(part, str) and part for part in parts):
            self.fail(column, "is not a list of names")
            return []
        return parts

    def read_optional_list(self, column: str, reader: Callable[[list[str]], T]) -> T | None:
        """Return the value that the reader makes of the cell's whole list, split as `texts` does; None for an absent or
        empty cell. A list that the reader refuses is reported, and the result is None.
        """
        if self._cells.get(column) in (None, "", []):
            return None
        texts = self.texts(column)
        try:
            return reader(texts) if texts else None
        except Refused as refusal:
            self.fail(column, refusal.message)
            return None

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """Report surplus cells, and filled columns that are not in `known`, which are probably misspelt."""
        for column, cell in self._cells.items():
            if column == SURPLUS:
                self.fail(column, "the row has more cells than there are columns; put cells with commas in quotes")
            elif column not in known and cell not in (None, ""):
                self.fail(column, "is not a column of such a row")


def plain_number(text: str) -> str:
    """Return a number that is written with an exponent, such as 5e-05, in plain digits; any other text as it is.
    Spreadsheets and programs write small and large numbers in this way.

    Refuses `BAD_USER_INPUT` if the result has more than 40 characters: 1e999999999 would fill the memory.
    """
    if not _WITH_EXPONENT.fullmatch(text):
        return text
    plain = f"{Decimal(text):f}"
    if len(plain) > _PLAIN_LENGTH_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"has more than {_PLAIN_LENGTH_MAX} digits when written without exponent")
    return plain
