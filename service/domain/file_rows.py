"""Rows of an uploaded file, read from its bytes and its text.

A file that cannot be read as rows is refused as a whole, with one message that says what to change. Errors of single
rows are collected by `domain/rows.py`.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from service.errors import Code, Refused

NamedRow: TypeAlias = tuple[str, Mapping[str, Any]]
"""The cells of a row by the names of their columns, with the row's own name, such as "line 7"."""

SURPLUS = "(surplus)"
"""Column for the surplus cells of a CSV row that is longer than the line of column names."""

_SIGNATURES = {
    b"PK\x03\x04": "an Excel workbook or another ZIP archive",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old format",
    b"\x1f\x8b": "compressed with gzip",
    b"%PDF": "a PDF document",
}
_BYTE_ORDER_MARKS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16"}
_BYTE_ORDER_MARKS[b"\xfe\xff"] = "UTF-16"
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_NO_COLUMN_NAMES = "The first line of the file has no column names. Remove it."
_AS_UTF_8 = 'Save it as UTF-8; spreadsheets call that "CSV UTF-8".'


def text_of(content: bytes) -> str:
    """Return the text of a UTF-8 file, without a byte order mark. Refuses `BAD_USER_INPUT` for other encodings and
    formats; the message names the ones that are recognised.
    """
    for signature, what in _SIGNATURES.items():
        if content.startswith(signature):
            raise _refused(f"The file is {what}. Give it as CSV or JSON in UTF-8.")
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            raise _refused(f"The file is encoded in {encoding}. {_AS_UTF_8}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = content[error.start]
        shown = bytes([byte]).decode("cp1252", errors="ignore")
        meant = f' ("{shown}" in Windows-1252)' if shown.isprintable() and shown else ""
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(f"The file is not UTF-8: line {line} has the byte 0x{byte:02X}{meant}. {_AS_UTF_8}") from None
    if "\x00" in text:
        raise _refused(f"The file has NUL characters, as UTF-16 without a byte order mark has. {_AS_UTF_8}")
    if "\ufffd" in text:
        line = text.count("\n", 0, text.index("\ufffd")) + 1
        message = "has the character U+FFFD, which stands for one that was lost. Export the file again as UTF-8."
        raise _refused(f"Line {line} of the file {message}")
    return text


def csv_rows(text: str, *, key: str, known: Collection[str]) -> list[NamedRow]:
    """Return each row by its line in the file; the first line names the columns. Rows without any cell are left out.
    `known` are the expected columns and `key` is the required one; they serve to detect a separator other than the
    comma.

    Refuses `BAD_USER_INPUT` for a text that is empty or no CSV, for other separators and for a column that is named
    twice.
    """
    _refuse_other_formats(text, "CSV")
    _refuse_separator(text, key, known)
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey=SURPLUS, strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        if not any(header):
            raise _refused(_NO_COLUMN_NAMES)
        twice = [name for name, count in Counter(header).items() if name and count > 1]
        if twice:
            raise _refused(f"The line of column names has {twice[0]} more than once.")
        reader.fieldnames = header
        read = ((f"line {reader.line_num}", _stripped(cells)) for cells in reader)
        rows: list[NamedRow] = [(name, cells) for name, cells in read if any(cells.values())]
    except csv.Error as error:
        raise _refused(f"The file is not CSV: {error} in line {reader.reader.line_num}.") from None
    if not rows:
        raise _refused("The file has a line of column names and no rows.")
    for separator, noun in _OTHER_SEPARATORS.items():
        if len(header) > 1 and all(_is_unsplit(cells, header[0], separator) for _, cells in rows):
            raise _refused(f"The rows seem to be separated by {noun}, and the column names by commas. Use commas.")
    return rows


def json_document(text: str, *, if_csv: str) -> Any:
    """Return the value of a JSON text, with its numbers kept as text, because a float would round them.

    Refuses `BAD_USER_INPUT` for a text that is empty or no JSON, and for an object that has a member twice. `if_csv`
    is the advice for a text that seems to be CSV.
    """
    _refuse_other_formats(text, "JSON")
    try:
        return json.loads(
            text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object_of_distinct_members
        )
    except (ValueError, RecursionError) as error:
        raise _refused(f"The file is not JSON: {error}.{_json_advice(text, if_csv)}") from None


def near(name: str, present: Collection[str]) -> str | None:
    """Return one of the names that differs from this one only in letter case, blanks, `_` and `-`; or None."""
    return next((other for other in present if other != name and _folded(other) == _folded(name)), None)


def missing_message(columns: Sequence[str], present: Collection[str], needed_by: str = "") -> str:
    """Return the message that the columns are missing; for each it names a similar column that is present, if any."""
    misspelt = [f"{column} is perhaps {other}" for column in columns if (other := near(column, present))]
    noun = "The column" if len(columns) == 1 else "The columns"
    verb = "is" if len(columns) == 1 else "are"
    named = f"{noun} {', '.join(columns)} {verb} missing{needed_by}"
    return f"{named}; {', '.join(misspelt)}." if misspelt else f"{named}."


def _refuse_other_formats(text: str, wanted: str) -> None:
    start = text.lstrip()[:1]
    if not start:
        raise _refused("The file is empty.")
    if start == "<":
        raise _refused(f"The file seems to be a web page or XML. Give it as {wanted}.")
    if wanted == "CSV" and start in "[{":
        raise _refused("The file seems to be JSON. Give it a name that ends in .json.")


def _refuse_separator(text: str, key: str, known: Collection[str]) -> None:
    """Refuse a first line that contains more of the known columns when split at a separator other than the comma, and
    the line `sep=;` that spreadsheets write to declare a separator.
    """
    headers = {separator: _first_line(text, separator) for separator in (",", *_OTHER_SEPARATORS)}
    best = max(headers, key=lambda separator: len(set(known).intersection(headers[separator])))
    first = next(iter(headers[","]), "")
    if first.startswith("sep="):
        best = first[4:5] or ","
        if best not in _OTHER_SEPARATORS:
            raise _refused(_NO_COLUMN_NAMES)
    if best != ",":
        start = "The file" if key in headers[","] else f"The column {key} is missing; the file"
        raise _refused(f"{start} seems to be separated by {_OTHER_SEPARATORS[best]}. Use commas.")


def _first_line(text: str, separator: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])]
    except csv.Error:
        return []


def _is_unsplit(cells: Mapping[str, Any], first: str, separator: str) -> bool:
    return separator in str(cells.get(first)) and not any(cell for name, cell in cells.items() if name != first)


def _stripped(cells: Mapping[str, Any]) -> dict[str, Any]:
    return {name: cell.strip() if isinstance(cell, str) else cell for name, cell in cells.items()}


def _object_of_distinct_members(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        ((name, _),) = Counter(name for name, _ in members).most_common(1)
        raise _refused(f"An object of the file has the member {name} more than once.")
    return found


def _json_advice(text: str, if_csv: str) -> str:
    lines = text.split("\n", 2)
    if text.lstrip()[:1] not in "[{" and any(separator in lines[0] for separator in (",", *_OTHER_SEPARATORS)):
        return f" It seems to be CSV. {if_csv}"
    if _is_json_object(lines[0]):
        return " It seems to have one object a line. Make them one list."
    return ""


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _folded(name: str) -> str:
    return "".join(character for character in name.casefold() if character not in "_- \t")


def _refused(message: str) -> Refused:
    return Refused(Code.BAD_USER_INPUT, message)
