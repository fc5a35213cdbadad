"""Conditions of a WHERE clause that number their own parameters, for statements whose shape depends on the question."""

from collections.abc import Collection

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
        for value in values:
            self.parameters.append(value)
            template = template.replace("{}", f"${len(self.parameters)}", 1)
        self._parts.append(template)

    def add_in(self, column: str, values: Collection[object]) -> None:
        """The column is one of the values; with none of them, no row is."""
        if not values:
            self._parts.append("1 = 0")
            self.is_never = True
            return
        self._parts.append(f"{column} IN ({placeholders(len(self.parameters) + 1, len(values))})")
        self.parameters.extend(values)

    def parameter(self, value: object) -> str:
        """A placeholder for a value that stands outside the conditions, such as a LIMIT."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"
