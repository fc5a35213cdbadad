"""Source of a plan in Python: functions, the columns they fill, and the names of their constants.

Knows nothing of GraphQL. Texts from a caller are never put into the source except as a `repr`.
"""

import re
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

_ODD_CHARACTER = re.compile(r"\W", re.ASCII)


class Names:
    """The constants of a plan, each under a readable name of its own."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._known: dict[Hashable, str] = {}
        self._uses: Counter[str] = Counter()

    def fresh(self, stem: str) -> str:
        """Return a new name. It is bound to nothing."""
        stem = name = _ODD_CHARACTER.sub("_", stem)
        while name in self.values:
            self._uses[stem] += 1
            name = f"{stem}_{self._uses[stem] + 1}"
        self.values[name] = None
        return name

    def add(self, stem: str, value: Any, key: Hashable | None = None) -> str:
        """Return the name bound to this value; the same name for the same key."""
        known = self._known.get(key) if key is not None else None
        if known is not None:
            return known
        name = self.fresh(stem)
        self.values[name] = value
        if key is not None:
            self._known[key] = name
        return name


class Function(NamedTuple):
    """A generated function. One that waits takes all objects of a level, any other takes one."""

    name: str
    waits: bool


class Column(NamedTuple):
    """The values of one field for all objects of a selection: its response key, its variable, the statements that fill
    it.
    """

    key: str
    name: str
    function: str


class Source:
    """The functions of a plan, the root first, and then its tables of functions."""

    def __init__(self) -> None:
        self._functions: list[str] = []
        self._tables: list[str] = []

    def function(self, function: Function, comment: str, lines: list[str]) -> Function:
        body = "\n".join(f"    {line}" for line in lines)
        head = f"async def {function.name}(run, objects)" if function.waits else f"def {function.name}(run, o)"
        self._functions.append(f"{head}:  # {comment}\n{body}\n")
        return function

    def table(self, name: str, functions: Mapping[str, Function]) -> str:
        entries = ", ".join(f"{key!r}: {function.name}" for key, function in functions.items())
        self._tables.append(f"{name} = {{{entries}}}\n")
        return name

    def text(self) -> str:
        return "\n\n".join([*reversed(self._functions), *self._tables])


def fill(columns: list[Column]) -> list[str]:
    """Return statements that fill all columns at the same time."""
    calls = [f"{column.function}(run, objects)" for column in columns]
    if len(columns) == 1:
        return [f"all_{columns[0].name} = await {calls[0]}"]
    targets = ", ".join(f"all_{column.name}" for column in columns)
    return [f"{targets} = await together(run, [{', '.join(calls)}])"]


def fill_in_order(columns: list[Column]) -> list[str]:
    """Return the statements for the root of a mutation: one after the other, and each is remembered when it is
    complete.
    """
    lines = []
    for column in columns:
        lines.append(f"all_{column.name} = await {column.function}(run, objects)")
        lines.append(f"(run.completed[{column.key!r}],) = all_{column.name}")
    return lines
