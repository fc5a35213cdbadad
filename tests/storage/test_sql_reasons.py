"""A file of storage/ that contains SQL says in its first line what for: all other questions are QuerySets."""

import ast
import re
from pathlib import Path

import service.storage

ROOT = Path(service.storage.__file__).parent
APART = {"migrations", "engines", "models"}
"""Packages of SQL alone: the scripts of the tables, the sessions of the databases, the conditions of indexes."""
SQL = re.compile(
    r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|ORDER BY|WHERE|EXISTS|VALUES|PRAGMA|IN|CASE|CAST)\b|IS NULL"
)


def files_with_sql() -> dict[str, str]:
    """Return the first line of each file of storage/ with SQL in a text that is no docstring, by its name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT)
        if name.parts[0] not in APART and any(map(SQL.search, texts(path.read_text()))):
            found[str(name)] = path.read_text().partition("\n")[0]
    return found


def texts(source: str) -> list[str]:
    """Return the texts of a module without those that stand alone, which are documentation."""
    tree = ast.parse(source)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone]
    return [node.value for node in texts if isinstance(node.value, str)]


def test_files_with_sql_give_the_reason_in_their_first_line():
    without = [name for name, first in files_with_sql().items() if not re.search(r"; SQL for \w", first)]
    assert without == []


def test_sql_is_found_where_it_is_known_to_be():
    found = files_with_sql()
    assert {"orders.py", "conditions.py", "audit/money.py", "supply.py"} <= found.keys()
    assert not {"sellers.py", "contacts.py", "logos.py", "owners.py", "secret_checks.py"} & found.keys()


def test_a_file_that_gives_a_reason_contains_sql():
    found = files_with_sql()
    for path in ROOT.rglob("*.py"):
        if "; SQL for " in path.read_text().partition("\n")[0]:
            assert str(path.relative_to(ROOT)) in found
