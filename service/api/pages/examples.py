"""Example documents that both explorers offer, one file each. Knows no page and no schema.

`examples/01-quote-by-mass.graphql` begins with a comment line that is its title, and a second one that describes it;
`01-quote-by-mass.json` beside it contains its variables, if it has any. The numbers give the order. The examples in
`operator/` need an API key with the scope `operator`.

A variable that is empty text, such as `quoteId`, is filled in by the explorers with the last id of that type that an
answer contained. An empty `idempotencyKey` or `reference` is filled in at the same time.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "examples"
GROUPS = {"": FOLDER, "For operators": FOLDER / "operator"}
"""Folders of examples, by the heading of their group; the first group has none."""


@dataclass(frozen=True, slots=True)
class Example:
    """A document that a newcomer can run unchanged; `variables` is JSON text, empty if there are none."""

    title: str
    about: str
    query: str
    variables: str
    group: str

    def as_dict(self) -> dict[str, str]:
        """Return the members under the names that the explorers' scripts read."""
        return asdict(self)


def read_examples() -> tuple[Example, ...]:
    """Return every example, in the order of the groups and of the file names."""
    return tuple(_read(path, group) for group, folder in GROUPS.items() for path in sorted(folder.glob("*.graphql")))


def _read(path: Path, group: str) -> Example:
    text = path.read_text(encoding="utf-8").strip()
    title, about = (line.removeprefix("# ") for line in text.splitlines()[:2])
    file = path.with_suffix(".json")
    variables = file.read_text(encoding="utf-8").strip() if file.exists() else ""
    return Example(title, about, text, variables, group)
