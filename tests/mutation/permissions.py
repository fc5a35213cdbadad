"""Remove each permission check and each predicate on account or mode in turn, and run the permission tests against it.

    python -m tests.mutation.permissions [--jobs N] [--list] [WORD ...]

A mutant is the service with one change: a call of `caller.require…` becomes `None`; a condition on an account or a
mode in SQL becomes true; a guard of authentication never refuses. It is a fork of this process, whose functions get the
changed code; no file changes. With words only mutants whose name contains one of them are run. If no test notices a
mutant, the exit code is 1. Run it after a change of permissions or of the tests of tests/permissions.
"""

import argparse
import ast
import inspect
import os
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ["test_operations.py", "test_objects.py", "test_routes.py", "test_fields.py"]
"""In this order; for a mutant of an API in the reverse one, which notices it sooner."""

REQUIRED = re.compile(r"require(_money|_all|_one_of|_management)?$|^_require_all$")

GUARDS = {
    "service/api/caller.py": [('scheme.lower() != "bearer" or ', "")],
    "service/operations/authenticate.py": [
        ("not is_genuine or ", ""),
        (" or parsed.mode is not account.mode", ""),
        ("key.revoked_at is not None or ", ""),
        ("(key.expires_at is not None and key.expires_at <= resources.clock())", "False"),
    ],
    "service/operations/select_account.py": [
        (" or found.parent_account_id != caller.account.id or", " or"),
        (" or found.mode is not caller.account.mode", ""),
        ("scopes=caller.scopes - {Scope.OPERATOR}, acts", "scopes=caller.scopes, acts"),
        ("Scope.OPERATOR in caller.scopes or account.parent_account_id == caller.account.id", "True"),
    ],
    "service/operations/read_account.py": [
        ("each.parent_account_id is None and ", ""),
        (" and each.mode is not account.mode", ""),
        ("if account.parent_account_id is not None:", "if False:"),
    ],
    "service/operations/manage_clients.py": [("if caller.account.parent_account_id is not None:", "if False:")],
    "service/domain/accounts.py": [
        ("if scope not in self.scopes:", "if False:"),
        ("if scope is _WRITING:", "if False:"),
        ("if self.scopes.isdisjoint(scopes):", "if False:"),
        ("if self.account.parent_account_id is not None and not self.acts_for_client:", "if False:"),
        (" or bool(self.parent_suspended)", ""),
        ("if account.suspended:", "if False:"),
    ],
}
"""Guards that are neither a call of `require` nor SQL: the text, and what it becomes."""

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
READING = (
    *("accounts", "balances", "batches", "catalogue", "certificates", "clients", "estimates", "events"),
    *("ledger", "money", "orders", "quotes", "retirements", "statistics"),
)
"""Modules of `storage` that callers read through; those of workers and checks act for all accounts."""

WRITES = re.compile(r"\b(UPDATE|DELETE|INSERT)\b")
"""Statements that write name rows that their transaction read and locked for the account: they are left out."""

LEFT_OUT = {
    ("batches", "_lock_both"): "it locks rows that another statement reads",
    ("retirements", "refused"): "only the worker asks, for orders that it read with their account",
}
"""Functions whose condition permits nothing; in them it is the first column of a key."""


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the text from `start` to `end` becomes `text`."""

    file: str
    start: int
    end: int
    text: str

    def name(self, source: str) -> str:
        line = source.count("\n", 0, self.start) + 1
        return f"{self.file}:{line} {source[self.start : self.end][:90]!r} -> {self.text[:60]!r}"

    def applied(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


def mutants() -> Iterator[Mutant]:
    """Yield every change."""
    for path in sorted(ROOT.glob("service/**/*.py")):
        file = path.relative_to(ROOT).as_posix()
        source = path.read_text()
        if file.startswith(("service/operations/", "service/api/")):
            yield from _calls(file, source)
        if path.parent.name == "storage" and path.stem in READING:
            yield from _predicates(file, source)
        for old, new in GUARDS.get(file, []):
            start = source.index(old)
            yield Mutant(file, start, start + len(old), new)


def _calls(file: str, source: str) -> Iterator[Mutant]:
    """Yield the calls of `require`, and of our functions that call it."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    raw = source.encode()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if REQUIRED.search(name):
                first, last = (
                    starts[node.lineno - 1] + node.col_offset,
                    starts[node.end_lineno - 1] + node.end_col_offset,
                )  # type: ignore[operator]
                yield Mutant(file, len(raw[:first].decode()), len(raw[:last].decode()), "None")


def _predicates(file: str, source: str) -> Iterator[Mutant]:
    """Yield the conditions on an account or a mode in the statements that read."""
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            before = len("".join(lines[: node.lineno - 1]))
            text = "".join(lines[node.lineno - 1 : node.end_lineno])
            if not WRITES.search(text) and (Path(file).stem, node.name) not in LEFT_OUT:
                for pattern, template in PREDICATES:
                    for found in pattern.finditer(text):
                        start, end = found.span(1)
                        yield Mutant(file, before + start, before + end, template.format(found[1]))


def patch(mutant: Mutant) -> None:
    """Give the functions of this process the code that they have in the mutant."""
    module = import_module(mutant.file.removesuffix(".py").replace("/", "."))
    source = (ROOT / mutant.file).read_text()
    codes = {code.co_qualname: code for code in _codes(compile(mutant.applied(source), mutant.file, "exec"))}
    found = 0
    for each in _functions(module):
        changed = codes[each.__code__.co_qualname]
        if changed != each.__code__:
            each.__code__ = changed
            found += 1
    if not found:
        raise RuntimeError(f"{mutant.file}: no function has the change")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            if not each.co_flags & inspect.CO_OPTIMIZED:  # the body of a class
                yield from _codes(each)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions and methods that the module defines."""
    for each in vars(module).values():
        if getattr(each, "__module__", None) == module.__name__:
            members = vars(each).values() if isinstance(each, type) else [each]
            for member in members:
                function = member.fget if isinstance(member, property) else member
                if isinstance(function, FunctionType) and function.__code__.co_filename == module.__file__:
                    yield function


def run_in_child(mutant: Mutant | None, folder: str) -> int:
    """Return the id of a process that runs the tests against the mutant, or against the service as it is, and exits as
    pytest does.
    """
    pid = os.fork()
    if pid == 0:
        code = 3
        try:
            log = os.open(f"{folder}/{os.getpid()}", os.O_CREAT | os.O_WRONLY)
            os.dup2(log, 1)
            os.dup2(log, 2)
            tests = TESTS
            if mutant is not None:
                patch(mutant)
                tests = TESTS[::-1] if mutant.file.startswith("service/api/") else TESTS
            files = [str(ROOT / "tests/permissions" / name) for name in tests]
            code = int(
                pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-k", "not postgresql", *files])
            )
        except BaseException:  # noqa: BLE001 - a child never returns
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return pid


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    named = {each: each.name((ROOT / each.file).read_text()) for each in mutants()}
    waiting = [each for each, name in named.items() if not options.words or any(word in name for word in options.words)]
    if options.list:
        sys.stdout.writelines(f"{named[each]}\n" for each in waiting)
        return 0
    import_module("service.app")  # once, for all children
    import_module("tests.permissions.world")
    with tempfile.TemporaryDirectory() as folder:
        counts = run_all({each: named[each] for each in waiting}, options.jobs, folder)
    sys.stdout.write(f"{dict(counts)}\n")
    return int(counts.keys() != {"noticed"})


def run_all(named: dict[Mutant, str], jobs: int, folder: str) -> Counter[str]:
    """Run the tests against each mutant, so many at a time, print each outcome, and return how often each came."""
    _, status = os.waitpid(run_in_child(None, folder), 0)
    if status:
        raise SystemExit("The tests fail without any mutant.")
    waiting, running, counts = list(named), dict[int, Mutant](), Counter[str]()
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop(0)
            running[run_in_child(mutant, folder)] = mutant
        pid, status = os.wait()
        log = Path(folder, str(pid)).read_text()
        outcome = {0: "SURVIVES", 1: "noticed"}.get(os.waitstatus_to_exitcode(status), "BROKEN")
        counts[outcome] += 1
        noticed_by = re.search(r"^FAILED .*?::(\S+)", log, re.MULTILINE)
        told = log[-2000:] if outcome == "BROKEN" else noticed_by[1] if noticed_by else ""
        sys.stdout.write(f"{outcome:8} {named[running.pop(pid)]}: {told}\n")
        sys.stdout.flush()
    return counts


if __name__ == "__main__":
    sys.exit(main())
