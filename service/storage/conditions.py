"""Conditions of a WHERE clause that number their own parameters, for statements whose shape depends on the question."""

from collections.abc import Collection
from functools import lru_cache

from service.storage.database import placeholders


class Conditions:
    """Grows by `add`; `clause` and `parameters` then belong together. `is_never` when no row can fulfil them."""

    def __init__(self) -> None:
        self.parameters: list[object] = []
        self._parts: list[str] = []
        self.is_never = False

    @property
    def clause(self) -> str:
        return " AND ".join(self._parts)

    def add(self, template: str, *values: object) -> None:
        """`{}` in the template stands for one value each."""
        self._parts.append(_numbered(template, len(self.parameters) + 1, len(values)))
        self.parameters.extend(values)

    def add_in(self, column: str, values: Collection[object]) -> None:
        """The column is one of the values; with none of them, no row is."""
        if not values:
            self._parts.append("1 = 0")
            self.is_never = True
            return
        self._parts.append(_listed(column, len(self.parameters) + 1, len(values)))
        self.parameters.extend(values)

    def parameter(self, value: object) -> str:
        """A placeholder for a value that stands outside the conditions, such as a LIMIT."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"


@lru_cache(maxsize=1_024)
def _numbered(template: str, start: int, values: int) -> str:
    """Kept, because the same few conditions stand in nearly every statement."""
    for number in range(start, start + values):
        template = template.replace("{}", f"${number}", 1)
    return template


@lru_cache(maxsize=1_024)
def _listed(column: str, start: int, values: int) -> str:
    return f"{column} IN ({placeholders(start, values)})"
