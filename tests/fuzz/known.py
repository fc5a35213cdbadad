"""Puts what exists into generated requests to REST contracts: without it nearly every one would name an order that is
not there and be refused before anything happens. Loaded by the fuzzer in its own environment; it must not import the
service.

`FUZZ_KNOWN` holds, by the name of a member or parameter, the values that the service itself has answered.
"""

# ruff: noqa: T201 - what it prints is its answer

import atexit
import json
import os
from collections import Counter
from typing import Any

import schemathesis
from hypothesis import strategies as st

KNOWN: dict[str, list[Any]] = json.loads(os.environ["FUZZ_KNOWN"])
ONLY_IN_ADDRESSES = {"id", "idempotency_key"}
"""In a body a known key would only say that it is used up."""

ANSWERED: Counter[str] = Counter()


@st.composite
def acquainted(draw: st.DrawFn, value: Any, known: dict[str, list[Any]], name: str = "") -> Any:
    """The value, with most of the members whose names are known set to something that is there."""
    if isinstance(value, list):
        return [draw(acquainted(inner, known, name)) for inner in value]
    if name in known and draw(st.integers(0, 3)):
        return draw(st.sampled_from(known[name]))
    if isinstance(value, dict):
        return {each: draw(acquainted(inner, known, each)) for each, inner in value.items()}
    return value


@schemathesis.hook
def flatmap_path_parameters(_context: Any, parameters: Any) -> st.SearchStrategy[Any]:
    return acquainted(parameters, KNOWN)


@schemathesis.hook
def flatmap_query(_context: Any, query: Any) -> st.SearchStrategy[Any]:
    return acquainted(query, KNOWN)


@schemathesis.hook
def flatmap_body(_context: Any, body: Any) -> st.SearchStrategy[Any]:
    return acquainted(body, {name: KNOWN[name] for name in KNOWN if name not in ONLY_IN_ADDRESSES})


@schemathesis.hook
def before_load_schema(_context: Any, document: dict[str, Any]) -> None:
    """Headers that are known are one of these, or else wrong: most requests would be refused for them alone."""
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "header" and parameter["name"] in KNOWN:
                    parameter["schema"] = {"enum": KNOWN[parameter["name"]]}


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    ANSWERED[f"{response.status_code} {case.operation.label}"] += 1


@atexit.register
def show() -> None:
    """How often which operation answered with which status."""
    for answer, times in sorted(ANSWERED.items()):
        print(f"{times:6} {answer}")
