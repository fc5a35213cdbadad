"""Changes of the service's sources, each of which a test should notice: one file, one place.

Kinds: a comparison's operator is swapped; a constant is one more or one less; a `not` is removed; `and` and `or` are
swapped; the condition of a refusal is never met; a statement that only checks or locks is dropped; in SQL a condition
on an account or a mode is always true, a lock is not taken, and a comparison or an AND is swapped.
"""

import ast
import difflib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE = ""
"""Name of the lines outside of all functions."""

CHECKS = re.compile(r"^_?(require|refuse|check|assert|ensure|confirm|lock)(_|$)|_lock$|_if_suspended$")
"""Names of calls that are worth nothing but their refusal or their lock."""

COMPARED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}

PREDICATES = [
    (re.compile(r'conditions\.add\("((?:[a-z]\.)?(?:account_id|mode|parent_account_id) = \{\})"'), "({0} OR TRUE)"),
    (
        re.compile(r'conditions\.add\("(\((?:account_id IS NULL|id = \{\}) OR (?:parent_)?account_id = \{\}\))"'),
        "({0} OR TRUE)",
    ),
    (re.compile(r"\b((?:\w\.)?(?:account_id|mode) = \$\d)(?= |\"|$)"), "({0} OR TRUE)"),
    (re.compile(r"\b(owned\(account_id\))"), "type({0})()"),
    (re.compile(r"\.filter\(((?:account_id|owner_id|parent_account_id|mode)=[\w.]+, )"), ""),
    (re.compile(r"(, (?:account_id|owner_id|parent_account_id|mode)=[\w.]+)\)"), ""),
    (re.compile(r"\b(account_id IN \(\{placeholders\(1, len\(account_ids\)\)\}\))"), "({0} OR TRUE)"),
]
"""Conditions of statements on an account or a mode."""

LOCKS = re.compile(r"\{for_update\([^{}]*\)\}|(?<!\w)FOR (?:NO KEY )?UPDATE(?: OF \w+)?")
SQL = re.compile(r"\b(SELECT|UPDATE|INSERT INTO|DELETE FROM|WHERE|AND|OR|HAVING|SET) ")
SQL_SWAPS = [
    (re.compile(r" (<=) "), "<"),
    (re.compile(r" (<) "), "<="),
    (re.compile(r" (>=) "), ">"),
    (re.compile(r" (>) "), ">="),
    (re.compile(r" (<>) "), "="),
    (re.compile(r"\b(NOT EXISTS)\b"), "EXISTS"),
    (re.compile(r"\b(AND)\b(?! \$)"), "OR"),
]
KINDS = ("comparison", "constant", "negation", "boolean", "guard", "check", "predicate", "lock", "sql")


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the text from `start` to `end` becomes `text`."""

    file: str
    start: int
    end: int
    text: str
    kind: str = "guard"

    @cached_property
    def source(self) -> str:
        return (ROOT / self.file).read_text()

    @property
    def line(self) -> int:
        return self.source.count("\n", 0, self.start) + 1

    def name(self) -> str:
        return f"{self.file}:{self.line} {self.source[self.start : self.end][:90]!r} -> {self.text[:60]!r}"

    def applied(self) -> str:
        return self.source[: self.start] + self.text + self.source[self.end :]

    def hunk(self) -> str:
        """Return the change as a hunk of a diff."""
        before, after = self.source.splitlines(), self.applied().splitlines()
        return "\n".join(difflib.unified_diff(before, after, f"a/{self.file}", f"b/{self.file}", n=2, lineterm=""))

    def changed(self) -> tuple[str, str]:
        """Return the changed lines before and after, without their indents: they name the change when lines move."""
        lines = self.hunk().splitlines()[3:]
        return tuple(" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")  # type: ignore[return-value]


class Source:
    """The text of a file beside its syntax tree, whose places count bytes of a line."""

    def __init__(self, file: str) -> None:
        self.file, self.text = file, (ROOT / file).read_text()
        self.tree = ast.parse(self.text)
        self._raw = self.text.encode()
        self._starts = [0]
        for line in self.text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line.encode()))

    def place(self, line: int, column: int) -> int:
        return len(self._raw[: self._starts[line - 1] + column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.place(node.lineno, node.col_offset), self.place(node.end_lineno, node.end_col_offset)

    def mutant(self, node: ast.expr | ast.stmt, text: str, kind: str) -> Mutant:
        return Mutant(self.file, *self.span(node), text, kind)

    def between(self, left: ast.expr, right: ast.expr, operator: str, text: str, kind: str) -> Mutant:
        """Return the change of the operator between two operands."""
        start, end = self.span(left)[1], self.span(right)[0]
        words = r"\s+".join(map(re.escape, operator.split()))
        found = re.search(rf"(?<!\w){words}(?!\w)", self.text[start:end])
        assert found, (self.file, left.lineno)
        return Mutant(self.file, start + found.start(), start + found.end(), text, kind)


def mutants(folders: list[str]) -> Iterator[Mutant]:
    """Yield every change of the files in these folders of the service."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"node_modules", "migrations"} & set(path.parts):
                yield from mutants_of(path.relative_to(ROOT).as_posix())


def mutants_of(file: str) -> Iterator[Mutant]:
    """Yield every change of the file."""
    source = Source(file)
    # Python 3.11 does not know the places of what is within an f-string.
    left_out = {
        id(inner)
        for node in ast.walk(source.tree)
        for noted in (getattr(node, "annotation", None), getattr(node, "returns", None), node)
        if noted is not None and (noted is not node or isinstance(node, ast.JoinedStr))
        for inner in ast.walk(noted)
    }
    for node in ast.walk(source.tree):
        if id(node) not in left_out:
            for operator in OPERATORS:
                yield from operator(source, node)
    if file.startswith("service/storage/"):
        yield from _statements(source)


def _comparisons(source: Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.Compare):
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            before, after = COMPARED[type(operator)]
            yield source.between(left, right, before, after, "comparison")


def _constants(source: Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        for changed in (node.value + 1, node.value - 1):
            yield source.mutant(node, str(changed), "constant")


def _negations(source: Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        start, end = source.span(node.operand)
        yield source.mutant(node, f"({source.text[start:end]})", "negation")


def _booleans(source: Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.BoolOp):
        before, after = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield source.between(left, right, before, after, "boolean")


def _guards(source: Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise):
        yield source.mutant(node.test, "False", "guard")


def _checks(source: Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.Expr):
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and CHECKS.search(called(call)):
            yield source.mutant(node, "None", "check")


OPERATORS: list[Callable[[Source, ast.AST], Iterator[Mutant]]] = [
    _comparisons,
    _constants,
    _negations,
    _booleans,
    _guards,
    _checks,
]


def called(call: ast.Call) -> str:
    """Return the last name of the called function."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _statements(source: Source) -> Iterator[Mutant]:
    """Yield the changes of SQL: its account predicates, its locks, its operators."""
    yield from predicates(source.file, 0, source.text)
    for found in LOCKS.finditer(source.text):
        if _in_text(source, *found.span()):
            yield Mutant(source.file, *found.span(), "", "lock")
    for start, end in _texts(source):
        text = source.text[start:end]
        if SQL.search(text):
            for pattern, swapped in SQL_SWAPS:
                for found in pattern.finditer(text):
                    first, last = found.span(1)
                    yield Mutant(source.file, start + first, start + last, swapped, "sql")


def predicates(file: str, before: int, text: str) -> Iterator[Mutant]:
    """Yield the conditions on an account or a mode in a part of a file that begins at `before`."""
    for pattern, template in PREDICATES:
        for found in pattern.finditer(text):
            start, end = found.span(1)
            yield Mutant(file, before + start, before + end, template.format(found[1]), "predicate")


def _texts(source: Source) -> list[tuple[int, int]]:
    """Return the places of texts that are no docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    noted = {
        id(node.value)
        for body in (getattr(each, "body", None) for each in ast.walk(source.tree))
        if isinstance(body, list)
        for node in body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    found = []
    within = {id(part) for node in ast.walk(source.tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(source.tree):
        is_text = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        if is_text and id(node) not in docstrings | noted:
            if isinstance(node, ast.Constant) and id(node) in within:
                continue
            found.append(source.span(node))  # type: ignore[arg-type]
    return found


def _in_text(source: Source, start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in _texts(source))


def functions_of(source: str) -> list[tuple[int, int, str]]:
    """Return the first and last line of the body of each function that is no other's, and its name, in order. Methods
    are named with their class.
    """
    found: list[tuple[int, int, str]] = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append((child.body[0].lineno, child.end_lineno or child.lineno, prefix + child.name))
            elif isinstance(child, ast.ClassDef):
                visit(child, f"{prefix}{child.name}.")

    visit(ast.parse(source), "")
    return sorted(found)


def function_at(spans: list[tuple[int, int, str]], line: int) -> str:
    """Return the name of the function whose body contains the line."""
    index = bisect_right(spans, line, key=lambda span: span[0]) - 1
    return spans[index][2] if index >= 0 and spans[index][1] >= line else MODULE
