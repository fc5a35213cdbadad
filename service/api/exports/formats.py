"""Formats of an export: CSV after RFC 4180, and NDJSON, one JSON object a line; both in UTF-8.

Knows rows and columns, and no export.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, NamedTuple

import orjson

from service.api.exports.columns import Column, Value

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet interpret a cell as a formula, directly or after skipping them."""
DEFUSING = "'"


class Format(NamedTuple):
    """Format of a file: `start` returns the text before the rows, `rows` the text of a page of rows."""

    name: str
    media_type: str
    start: Callable[[Sequence[Column]], bytes]
    rows: Callable[[Sequence[Column], Sequence[Any]], bytes]


def _csv_start(columns: Sequence[Column]) -> bytes:
    return _csv([[column.name for column in columns]])


def _csv_rows(columns: Sequence[Column], rows: Sequence[Any]) -> bytes:
    readers = [_defused(column.value) if column.is_text else column.value for column in columns]
    return _csv([_cell(read(row)) for read in readers] for row in rows)


def _csv(lines: Any) -> bytes:
    page = StringIO(newline="")
    csv.writer(page, lineterminator="\r\n").writerows(lines)
    return page.getvalue().encode()


def _cell(value: Value) -> str | int | None:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if isinstance(value, Mapping) else value


def _defused(read: Callable[[Any], Value]) -> Callable[[Any], Value]:
    """Put an apostrophe in front of a text that a spreadsheet would interpret as a formula."""

    def value(row: Any) -> Value:
        found = read(row)
        return DEFUSING + found if isinstance(found, str) and found.startswith(FORMULA_STARTS) else found

    return value


def _no_start(_columns: Sequence[Column]) -> bytes:
    return b""


def _ndjson_rows(columns: Sequence[Column], rows: Sequence[Any]) -> bytes:
    return b"".join(_ndjson(columns, rows))


def _ndjson(columns: Sequence[Column], rows: Sequence[Any]) -> Iterator[bytes]:
    members = [(column.name, column.value) for column in columns]
    for row in rows:
        yield orjson.dumps({name: read(row) for name, read in members}, option=orjson.OPT_APPEND_NEWLINE)


FORMATS = (
    Format("csv", "text/csv; charset=utf-8", _csv_start, _csv_rows),
    Format("ndjson", "application/x-ndjson", _no_start, _ndjson_rows),
)
