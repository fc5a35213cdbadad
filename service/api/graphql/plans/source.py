"""Knows how to write the Python of a plan: functions, the columns they fill, and the names of their constants.

It must not know GraphQL. Nothing a caller sent is ever pasted into the source but as a `repr`.
"""

import re
from collections import Counter
from collections.abc import Hashable
from typing import Any, NamedTuple

_ODD_CHARACTER = re.compile(r"\W", re.ASCII)


class Names:
    """The constants of a plan, each under a readable name of its own."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._known: dict[Hashable, str] = {}
        self._uses: Counter[str] = Counter()

    def fresh(self, stem: str) -> str:
        """A name that nothing else has. It is bound to nothing."""
        stem = name = _ODD_CHARACTER.sub("_", stem)
        while name in self.values:
            self._uses[stem] += 1
            name = f"{stem}_{self._uses[stem] + 1}"
        self.values[name] = None
        return name

    def add(self, stem: str, value: Any, key: Hashable | None = None) -> str:
        """The name bound to this value; the same name for the same key."""
        known = self._known.get(key) if key is not None else None
        if known is not None:
            return known
        name = self.fresh(stem)
        self.values[name] = value
        if key is not None:
            self._known[key] = name
        return name


class Function(NamedTuple):
    """A generated function, and whether it may wait for anything."""

    name: str
    waits: bool


class Column(NamedTuple):
    """The values of one field for all objects of a selection: its response key, its variable, what fills it."""

    key: str
    name: str
    function: Function


class Source:
    """The functions of a plan, the root first."""

    def __init__(self) -> None:
        self._functions: list[str] = []

    def function(self, name: str, comment: str, lines: list[str]) -> None:
        body = "\n".join(f"    {line}" for line in lines)
        self._functions.append(f"async def {name}(run, objects):  # {comment}\n{body}\n")

    def text(self) -> str:
        return "\n\n".join(reversed(self._functions))


def fill(columns: list[Column]) -> list[str]:
    """Statements that fill each column. Those that wait are awaited all at once."""
    waiting = [column for column in columns if column.function.waits]
    at_once = waiting if len(waiting) > 1 else []
    lines = [
        f"all_{column.name} = await {column.function.name}(run, objects)" for column in columns if column not in at_once
    ]
    if at_once:
        targets = ", ".join(f"all_{column.name}" for column in at_once)
        calls = ", ".join(f"{column.function.name}(run, objects)" for column in at_once)
        lines.append(f"{targets} = await together([{calls}])")
    return lines


def fill_in_order(columns: list[Column]) -> list[str]:
    """The same for the root of a mutation: one after the other, and each is remembered when it is complete."""
    lines = []
    for column in columns:
        lines.append(f"all_{column.name} = await {column.function.name}(run, objects)")
        lines.append(f"(run.completed[{column.key!r}],) = all_{column.name}")
    return lines
