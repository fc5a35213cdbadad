"""A pytest plugin that notes which functions of the service each test runs, and how long the test takes.

`COVERING=FILE pytest -p tests.mutation.covering …` adds the tests of the run to the map in FILE. Functions of other
processes, such as servers that a test starts, are not seen.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutation.changes import ROOT, function_at, functions_of

_coverage = coverage.Coverage(data_file=None, include=[f"{ROOT}/service/*"], config_file=False)
_coverage.start()
_seconds: dict[str, float] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    _coverage.switch_context(item.nodeid)
    started = time.monotonic()
    try:
        return (yield)
    finally:
        _seconds[item.nodeid] = round(time.monotonic() - started, 3)
        _coverage.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed or report.skipped:
        _seconds[report.nodeid] = -1.0


def pytest_sessionfinish() -> None:
    _coverage.stop()
    passed = {name: seconds for name, seconds in _seconds.items() if seconds >= 0}
    file = Path(os.environ["COVERING"])
    known = json.loads(file.read_text()) if file.exists() else {"seconds": {}, "functions": {}}
    known["seconds"] |= passed
    for path in _coverage.get_data().measured_files():
        if not path.endswith(".py"):  # a template of a page, whose compiled code names it as its file
            continue
        found = _tests_by_function(Path(path))
        kept = known["functions"].setdefault(Path(path).relative_to(ROOT).as_posix(), {})
        for name, tests in found.items():
            kept[name] = sorted({*kept.get(name, ()), *tests} & known["seconds"].keys())
    file.write_text(json.dumps(known))


def _tests_by_function(path: Path) -> dict[str, set[str]]:
    spans = functions_of(path.read_text())
    found: dict[str, set[str]] = defaultdict(set)
    for line, contexts in _coverage.get_data().contexts_by_lineno(str(path)).items():
        found[function_at(spans, line)].update(context for context in contexts if context)
    return {name: tests for name, tests in found.items() if tests}
