"""Canonical JSON: equal values have equal bytes and equal hashes. Knows no type of the business.

Follows RFC 8785 where that covers our values: keys sorted by UTF-16 code units, shortest escapes, no spaces, UTF-8. In
addition it allows integers of any size, and it refuses floats: two parsers may read one decimal as two floats, and
nothing that is counted here is a float.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import orjson

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def canonical_json(value: Any) -> bytes:
    """Return the bytes of `value`, made of str, int, bool, None, lists or tuples, mappings with text keys, UUIDs, aware
    datetimes (as UTC with microseconds) and enums (as their value).

    `TypeError` for any other type, `ValueError` for a naive datetime or text that is not Unicode. A dataclass is
    refused too: its fields may be renamed, and a fingerprint that is stored may not change with them.
    """
    plain = _plain(value)
    try:
        return orjson.dumps(plain)  # the same output in a tenth of the time
    except orjson.JSONEncodeError:
        return _encode(plain).encode()  # integers beyond 64 bits, deep nesting, and text that is refused


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of the canonical bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one line a type reads better than a table of them
    if value.__class__ in _AS_THEY_ARE:
        return value
    if value.__class__ is dict:  # the most frequent case; a check for Mapping takes longer
        return _sorted(value)
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, int | str):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return _sorted(value)
    raise TypeError(f"{type(value).__name__} has no canonical form.")


def _sorted(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    for key in mapping:
        if not isinstance(key, str):
            raise TypeError(f"A key is text, not {type(key).__name__}.")
    return {str(key): _plain(mapping[key]) for key in sorted(mapping, key=_utf_16)}


def _utf_16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("A datetime without an offset names no instant.")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
