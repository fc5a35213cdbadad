"""Programs of others that tests run: node, browsers, servers. Most of these tests are run by `make conformance`."""

import os
from typing import NoReturn

import pytest

FIXTURES = {"chromium", "prometheus", "script", "wheel"}
"""Fixtures that need such a program. Every test that asks for one of them has the marker `tools`."""


def lacking(what: str, variable: str) -> NoReturn:
    """Skip the running test because something is missing, or fail it if the environment variable is 1."""
    if os.environ.get(variable) == "1":
        pytest.fail(what)
    pytest.skip(f"{what} ({variable}=1 makes this a failure)")


def mark(items: list[pytest.Item]) -> None:
    """Give the marker `tools` to the tests that ask for one of FIXTURES."""
    for item in items:
        if not FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.tools)
