"""Words of a contract's OpenAPI document: what its operations, parameters and members mean, with examples.

They are kept in a TOML file beside the declarations, whose names they use. Knows no contract.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of one contract.

    * `about` is the introduction of the document in Markdown, `tags` the groups of operations with their descriptions.
    * `operations` gives `tag` and `description` of each operation id, and the request that serves as its example:
    `body`, and `parameters` by name. An example uses placeholders such as `<order>` for objects that do not exist yet.
    * `parameters` describes those of paths, queries and headers; `operation.name` takes precedence over `name`. *
    `members` describes the members of each component. * `answers` holds a response to the example of each operation, as
    the service sent it on the demo data.
    """

    about: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)

    def of_parameter(self, operation_id: str, name: str) -> str | None:
        """Return the description of a parameter: the operation's own, or else the one that all operations share."""
        own: Mapping[str, str] = self.operations.get(operation_id, {}).get("about", {})
        return own.get(name) or self.parameters.get(name)


NO_TEXTS = Texts()


@cache
def read_texts(folder: Path) -> Texts:
    """Read `reference.toml` and `answers.json` of a contract's package."""
    told = tomllib.loads((folder / "reference.toml").read_text(encoding="utf-8"))
    return Texts(**told, answers=orjson.loads((folder / "answers.json").read_bytes()))
