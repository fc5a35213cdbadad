"""Knows how to write Python: lines, and the names of the constants they use.

It must not know GraphQL. Nothing a caller sent is ever pasted into the source but as a `repr`.
"""

import re
from collections import Counter
from collections.abc import Hashable
from typing import Any

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


class Source:
    """The functions of a plan, in the order in which they were finished."""

    def __init__(self) -> None:
        self._functions: list[str] = []

    def function(self, name: str, comment: str, lines: list[str]) -> None:
        body = "\n".join(f"    {line}" for line in lines)
        self._functions.append(f"async def {name}(run, objects):  # {comment}\n{body}\n")

    def text(self) -> str:
        return "\n\n".join(self._functions)
