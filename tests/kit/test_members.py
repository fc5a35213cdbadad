"""Repeated members of JSON objects are found at any depth, and texts without any are accepted.

Seen to fail when: colons in strings are counted as members; an escaped colon makes up for a dropped member; only the
outermost object is looked at; the names of different objects are compared.
"""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.members import letters_of, repeated_member


def repeated_in(text: bytes) -> tuple[str | int, ...] | None:
    return repeated_member(text, orjson.loads(text))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b'{"a": 1, "a": 1}', ("a",)),
        (b'{"a": 1, "b": 2, "a": 3}', ("a",)),
        (b'{"a": {"b": {"c": 1, "c": 2}}}', ("a", "b", "c")),
        (b'[{"a": 1}, {"a": 1, "b": 2, "b": 3}]', (1, "b")),
        (b'{"a": "x:y", "a": 1}', ("a",)),
        (b'{"a": 1, "a": "\\u003a"}', ("a",)),
        (b'{"a": {"x": 1}, "a": "\\u003A\\u003a"}', ("a",)),
        (b'{"a": 1, "\\u0061": 2}', ("a",)),
        (b'{"a:b": 1, "a:b": 2}', ("a:b",)),
        (b'{"n": 99999999999999999999999999, "n": 1.5e300}', ("n",)),
        (b'{"": 1, "": 2}', ("",)),
        ('{"é": 1, "e": 2, "\\u00e9": 3}'.encode(), ("é",)),
    ],
)
def test_a_member_that_stands_twice_is_found_with_its_path(text: bytes, path: tuple[str | int, ...]):
    assert repeated_in(text) == path


@pytest.mark.parametrize(
    "text",
    [
        b"{}", b"[]", b"5", b'":"', b'{"a": {"a": {"a": 1}}}', b'[{"a": 1}, {"a": 1}]',
        b'{"a": ":::", "b:": "\\u003a"}',
        b'{"a": "\\\\u003a"}', b'{"a": "\\u003c\\u003e"}', b'{"A": 1, "a": 2, "a ": 3}',
        b'{"n": 99999999999999999999999999}', b"[" * 300 + b"]" * 300,
    ],
)  # fmt: skip
def test_a_text_whose_members_stand_once_passes(text: bytes):
    assert repeated_in(text) is None


class Members(list[tuple[str, Any]]):
    """The members of an object, in order, of which some may have one name."""


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(':a\\"é', max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(st.tuples(st.text(":ab", max_size=2), inner), max_size=3).map(Members)
    ),
    max_leaves=12,
)


def written(value: Any, *, escape_colons: bool) -> str:
    if isinstance(value, Members):
        return (
            "{"
            + ", ".join(
                f"{written(n, escape_colons=escape_colons)}: {written(v, escape_colons=escape_colons)}"
                for n, v in value
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(written(each, escape_colons=escape_colons) for each in value) + "]"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace(":", "\\u003a") if escape_colons else text


def has_twins(value: Any) -> bool:
    if isinstance(value, Members):
        names = [name for name, _ in value]
        return len(set(names)) < len(names) or any(has_twins(each) for _, each in value)
    return isinstance(value, list) and any(map(has_twins, value))


@given(VALUES, st.booleans())
def test_a_path_is_told_exactly_when_an_object_has_a_member_twice(value: Any, escape_colons: bool):
    text = written(value, escape_colons=escape_colons).encode()
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    assert (repeated_member(text, parsed) is not None) == has_twins(value)


def test_names_are_alike_whatever_their_case_and_joints():
    for name in ("portfolio_id", "portfolioId", "PortfolioID", "portfolio-id", "PORTFOLIO__ID", "_portfolioid-"):
        assert letters_of(name) == "portfolioid"
    assert letters_of("portfolio id") != letters_of("portfolio_ids") != "portfolioid"
