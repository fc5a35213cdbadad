"""Members of JSON objects as callers spell them: those that stand twice, and the letters that tell two names alike."""

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

_SHOWN_MAX = 100
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")


def letters_of(name: str) -> str:
    """Return the name without letter case, `_` and `-`: names with the same letters are taken for one another."""
    return name.casefold().replace("_", "").replace("-", "")


def shown_path(path: Iterable[str | int]) -> str:
    """Return the path for a message, cut where a caller's names make it longer than anyone reads."""
    text = ".".join(map(str, path))
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}..."


def repeated_member(text: bytes, value: Any) -> tuple[str | int, ...] | None:
    """Return the path of a member that is repeated in an object of the JSON text; None if there is none.

    `value` is what a parser that keeps the last of them made of the text, with dictionaries and lists. Raises
    `RecursionError` for objects that are nested too deeply.

    Usually it is enough to serialise the value and count colons: each member has one, as does each colon in a string.
    If the text has the same number, no member was dropped. Texts with escaped colons are parsed again.
    """
    try:
        is_whole = text.count(b":") == orjson.dumps(value, str).count(b":")
    except orjson.JSONEncodeError:  # nested too deeply for it, or with an integer of more than 64 bits
        is_whole = False
    if is_whole and (text.find(b"\\") < 0 or text.find(b"\\u003") < 0 or not _ESCAPED_COLON.search(text)):
        return None
    return _first_repeated(json.loads(text.decode(), object_pairs_hook=_Object, parse_int=len, parse_float=len), ())


class _Object(NamedTuple):
    members: list[tuple[str, Any]]


def _first_repeated(value: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    is_object = isinstance(value, _Object)
    if not is_object and not isinstance(value, list):
        return None
    seen: set[str | int] = set()
    for name, inner in value.members if is_object else enumerate(value):
        if is_object and name in seen:
            return (*path, name)
        seen.add(name)
        found = _first_repeated(inner, (*path, name))
        if found is not None:
            return found
    return None
