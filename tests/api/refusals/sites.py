"""The places in the sources that raise a refusal, and those of them that a test has passed through.

`refusal_sites.txt` lists the places by verb. A place is the file, the function, the code and the path that it gives.
"""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.errors import Refused
from tests.test_tidy import ROOT, TREES

LIST = Path(__file__).with_name("refusal_sites.txt")
RAISING = ("service/operations/", "service/domain/", "service/api/")
MAKERS = {"Refused", "invalid", "oauth_refusal", "reused", "vintage_refusal", "misfit"}
"""The class of refusals, and functions that return one. Each call of them is a place."""


def _text(node: ast.expr | None) -> str:
    if node is None:
        return "-"
    if isinstance(node, ast.Tuple):
        return ".".join(map(_text, node.elts)) or "-"
    return str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node).replace(" ", "")


def _place(function: str, call: ast.Call) -> str:
    name = ast.unparse(call.func).rpartition(".")[2]
    if name != "Refused":
        return f"{function} {name} {'.'.join(map(_text, call.args[1:])) or '-'}"
    path = call.args[2] if len(call.args) > 2 else None
    return f"{function} {ast.unparse(call.args[0]).removeprefix('Code.')} {_text(path)}"


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _calls(node: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if isinstance(child, ast.Call) and _name(child.func) in MAKERS:
            yield function, child
        yield from _calls(child, f"{function}.{child.name}".lstrip(".") if named else function)


def _sites() -> tuple[dict[str, Counter[str]], dict[tuple[str, int], tuple[str, str]]]:
    places: dict[str, Counter[str]] = defaultdict(Counter)
    by_line: dict[tuple[str, int], tuple[str, str]] = {}
    for name in sorted(each for each in TREES if each.startswith(RAISING)):
        for function, call in _calls(TREES[name]):
            place = _place(function, call)
            places[name][place] += 1
            for line in range(call.lineno, (call.end_lineno or call.lineno) + 1):
                by_line[name, line] = (name, place)
    return dict(places), by_line


PLACES, _BY_LINE = _sites()


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[set[tuple[str, str]]]:
    """Give the places that refusals come from in the meantime."""
    seen: set[tuple[str, str]] = set()
    made = Refused.__init__

    def noting(self: Refused, *args: object, **details: object) -> None:
        made(self, *args, **details)  # type: ignore[arg-type]
        frame = sys._getframe(1)
        for _ in range(2):  # the place itself, and the caller of a function that makes refusals
            file = Path(frame.f_code.co_filename)
            if file.is_relative_to(ROOT) and (
                site := _BY_LINE.get((file.relative_to(ROOT).as_posix(), frame.f_lineno))
            ):
                seen.add(site)
            if frame.f_back is None:
                break
            frame = frame.f_back

    with patch.context() as within:
        within.setattr(Refused, "__init__", noting)
        yield seen


def listed() -> dict[tuple[str, str], tuple[int, str]]:
    """Return what the list says: how often each place occurs, and the APIs that lead to it or the reason why none."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    file = ""
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith(("#", "[")):
            continue
        if not line.startswith(" "):
            file = f"service/{line}"
            continue
        place, _, reach = line.strip().partition(" = ")
        place, _, times = place.partition(" x")
        found[file, place] = (int(times or 1), reach)
    return found


def led_to_by(api: str) -> set[tuple[str, str]]:
    """Return the places to which cases of the API lead, as the list says."""
    return {site for site, (_, reach) in listed().items() if api in reach.split()}
