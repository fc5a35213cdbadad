"""The sources themselves: short files, one clock, one source of ids, no import against the layers.

Seen to fail when: a file grows past 400 lines; a note of work to be done is left; an operation reads the wall clock or
makes its own id; an import stands inside a function; a module has no docstring; an operation imports another one, or is
left out of the contract that forbids it.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _sources() -> Iterator[Path]:
    """Yield the Python files of the service, without a walk through the packages of its pages."""
    for folder, folders, names in os.walk(ROOT / "service"):
        folders[:] = [name for name in folders if name not in {"node_modules", "dist"}]
        yield from (Path(folder) / name for name in names if name.endswith(".py"))


SOURCES = sorted(_sources())
LINES_MAX = 400
COMMAND_LINE = ("service/__main__.py", "service/commands/groups/", "service/commands/serve.py")
"""A command imports what it alone needs: the schema takes longer to build than most commands to run."""
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in SOURCES}
TREES = {name: ast.parse(text) for name, text in TEXTS.items()}
NO_VERBS = {"__init__", "event_feed", "resources", "simulate_order"}
"""Modules of operations that no verb names: the resources of all operations, the feed of events that subscriptions
share, and the simulation, which drives a test account's order by the verbs of a live one.
"""


@cache
def calls_in(name: str) -> list[tuple[str, int]]:
    """Each call of the module as it is written, `datetime.now`, with its line."""
    return [(ast.unparse(node.func), node.lineno) for node in ast.walk(TREES[name]) if isinstance(node, ast.Call)]


def places(banned: str, *packages: str, but: tuple[str, ...] = ()) -> list[str]:
    """Where a call stands whose name ends so, in these packages."""
    return [
        f"{name}:{line} {call}"
        for name in TEXTS
        if name.startswith(packages or "service/") and not name.startswith(but)
        for call, line in calls_in(name)
        if call == banned or call.endswith(f".{banned}")
    ]


def test_a_file_is_a_page_or_three():
    assert {name: text.count("\n") for name, text in TEXTS.items() if text.count("\n") > LINES_MAX} == {}


def test_nothing_is_left_to_be_done():
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    assert [name for name, text in TEXTS.items() if words.search(text)] == []


def test_every_module_says_what_it_knows():
    wordless = [name for name, tree in TREES.items() if not ast.get_docstring(tree)]
    assert [name for name in wordless if "/models/" not in name and TEXTS[name].strip()] == []


@pytest.mark.parametrize("call", ["datetime.now", "datetime.utcnow", "time.time", "time.time_ns", "uuid4", "uuid1"])
def test_there_is_one_clock_and_one_source_of_ids(call: str):
    # The library that counts rate limits does it by the wall clock, and tells when a window ends by the same.
    assert places(call, but=("service/kit/", "service/api/rate_limits.py")) == []


@pytest.mark.parametrize("call", ["select_for_update", "execute_query", "execute_script"])
def test_what_one_database_ignores_or_loses_is_not_called(call: str):
    # select_for_update is silently nothing on SQLite; execute_query drops the rows of RETURNING on PostgreSQL.
    assert places(call, but=("service/storage/engines/", "service/storage/migrations/")) == []


def test_no_float_touches_a_mass_or_money():
    assert places("float", "service/domain/", "service/operations/") == []


def test_imports_stand_at_the_top():
    inside = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and not name.startswith(COMMAND_LINE)
    ]
    assert inside == []


def test_sql_stands_in_storage_alone():
    statement = re.compile(r"^\s*(SELECT\b.*\bFROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", re.DOTALL)
    elsewhere = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        if not name.startswith("service/storage/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and statement.search(node.value)
    ]
    assert elsewhere == []


def test_the_drivers_errors_are_known_in_one_place():
    drivers = re.compile(r"\b(asyncpg|aiosqlite|sqlite3|tortoise\.exceptions)\b")
    known = ("service/storage/failures.py", "service/storage/engines/")
    imports = {
        f"{name}: {ast.unparse(node)}"
        for name, tree in TREES.items()
        if not name.startswith(known)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and drivers.search(ast.unparse(node))
    }
    # SQLite itself says where a statement of a migration ends; a backup is a file of SQLite.
    assert {each for each in imports if not each.startswith("service/storage/backups/")} == {
        "service/storage/migrations/_script.py: import sqlite3"
    }
    assert {each.partition(": ")[2] for each in imports} == {"import sqlite3"}


def test_every_verb_is_forbidden_to_know_the_others():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    apart = [set(each["modules"]) for each in contracts if each["type"] == "independence"]
    (independent,) = (modules for modules in apart if "service.operations.place_orders" in modules)
    verbs = {
        name: f"service.operations.{Path(name).stem}" for name in TEXTS if re.match(r"service/operations/\w+\.py", name)
    }
    missing = {module for name, module in verbs.items() if not _is_shared(name)} - independent
    assert missing == set()
    assert independent <= set(verbs.values())


def _is_shared(name: str) -> bool:
    """Whether verbs may import it: a step says of itself that several operations share it."""
    documented = ast.get_docstring(TREES[name]) or ""
    return Path(name).stem in NO_VERBS or documented.startswith("A step that ")


def test_imports_follow_the_layers():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr
