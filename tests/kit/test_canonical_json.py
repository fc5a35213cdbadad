import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from uuid import UUID

import pytest

from service.kit.canonical_json import canonical_json, fingerprint


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class Pair(Enum):
    BOTH = ("a", 1)


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    amount: int


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (-(2**70), "-1180591620717411303424"),
        ('é €\n\u0001"\\/\x7f', '"é €\\n\\u0001\\"\\\\/\x7f"'),
        ([1, "a", None], '[1,"a",null]'),
        ((1, (2,)), "[1,[2]]"),
        ({"b": 1, "a": {"d": 1, "c": 2}}, '{"a":{"c":2,"d":1},"b":1}'),
        (OrderedDict(b=1, a=2), '{"a":2,"b":1}'),
        # RFC 8785 §3.2.3: UTF-16 order puts U+1F600 (a surrogate pair) before U+FB33; code point order would not.
        ({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "\r": 4, "1": 5}, '{"\\r":4,"1":5,"€":3,"😀":2,"\ufb33":1}'),
        (UUID("01890A5D-AC96-774B-BCCE-B302099A8057"), '"01890a5d-ac96-774b-bcce-b302099a8057"'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05.000000Z"'),
        ({Colour.RED: Colour.RED, "size": Size.LARGE, "pair": Pair.BOTH}, '{"pair":["a",1],"red":"red","size":3}'),
        ({"given": None}, '{"given":null}'),
    ],
)
def test_each_value_has_one_spelling(value, spelling):
    assert canonical_json(value) == spelling.encode()


def test_every_character_is_spelled_as_the_json_of_the_standard_library_does():
    every = "".join(chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000)

    assert canonical_json(every) == json.dumps(every, ensure_ascii=False).encode()


def test_one_instant_is_spelled_alike_from_every_offset():
    utc = datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC)

    assert canonical_json(utc) == canonical_json(utc.astimezone(timezone(timedelta(hours=5, minutes=30))))


def test_a_fingerprint_is_the_sha_256_of_the_canonical_bytes():
    assert fingerprint({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()
    assert fingerprint({"a": 2, "b": 1}) == fingerprint({"b": 1, "a": 2})
    assert fingerprint({"a": "2", "b": 1}) != fingerprint({"a": 2, "b": 1})


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        Decimal(1),
        b"a",
        {1, 2},
        object(),
        Command,
        Command("x", 1),
        {"a": Command("x", 1)},
        {1: 2},
        {None: 1},
        [0.5],
        {"a": 0.5},
    ],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), "\ud800", {"\ud800": 1}])  # noqa: DTZ001 - naive on purpose
def test_what_names_no_instant_or_text_is_refused(value):
    with pytest.raises(ValueError):  # noqa: PT011 - UnicodeEncodeError is one, with a text of its own
        canonical_json(value)
