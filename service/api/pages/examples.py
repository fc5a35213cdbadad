"""Example documents that both explorers offer, one file each. Knows no page and no schema.

`examples/1-quote-by-mass.graphql` begins with a comment line that is its title, and a second one that describes it;
`1-quote-by-mass.json` beside it contains its variables, if it has any. The numbers give the order.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """A document that a newcomer can run unchanged; `variables` is JSON text, empty if there are none."""

    title: str
    about: str
    query: str
    variables: str

    def as_dict(self) -> dict[str, str]:
        """Return the members under the names that the explorers' scripts read."""
        return {"title": self.title, "about": self.about, "query": self.query, "variables": self.variables}


def read_examples(folder: Path = FOLDER) -> tuple[Example, ...]:
    """Return every example, in the order of the file names."""
    return tuple(_read(path) for path in sorted(folder.glob("*.graphql")))


def _read(path: Path) -> Example:
    text = path.read_text(encoding="utf-8").strip()
    title, about = (line.removeprefix("# ") for line in text.splitlines()[:2])
    variables = path.with_suffix(".json")
    return Example(title, about, text, variables.read_text(encoding="utf-8").strip() if variables.exists() else "")
