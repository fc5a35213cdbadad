"""Parsing of request bodies and query strings into declared models. Values that do not fit are refused with their path.

Knows msgspec, and no contract.
"""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from email.message import Message
from email.parser import BytesHeaderParser
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from service.api.rest.members import Reader
from service.errors import Code, Refused

FIELDS_MAX = 100
EXPONENTS = range(-400, 21)
"""Range of decimal exponents of a number. 1e9999999 is a short text, but its number would fill the memory."""

TEXT_END = r"\Z"
"""End of a text for patterns in models. Python's `$` also matches before a final line break."""

_AT = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[([0-9]+|\.\.\.)\]")


def json_body(content: bytes, model: Any, *, any_case: bool = False) -> Any:
    """Return the model's value. Refuses `BAD_USER_INPUT` for malformed JSON and JSON that does not fit, with the path.

    Numbers reach `Decimal` fields exactly as they are written, and integers may be written with zeros behind the point.
    A repeated member is refused, and so is a near miss: an unknown member that differs from a known one only in case,
    `_` and `-`. With `any_case` the members of objects are matched whatever their case.
    """
    value, objection = read_json(content, model, any_case=any_case)
    if objection is not None:
        raise objection
    return value


def read_json(content: bytes, model: Any, *, any_case: bool = False) -> tuple[Any, Refused | None]:
    """Return the model's value and the refusal of a repeated member or a near miss, which `json_body` raises.

    The value is the one that earlier releases, without this refusal, read: the last of repeated members counts, and a
    near miss is ignored. Other refusals are raised.
    """
    reader = Reader(any_case=any_case)
    try:
        return msgspec.convert(reader.read_json(content, model), model), reader.objection
    except msgspec.ValidationError as error:
        raise reader.objection or misfit(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation):
        raise Refused(Code.BAD_USER_INPUT, "Send a well-formed JSON body.") from None
    except RecursionError:
        raise Refused(Code.BAD_USER_INPUT, "Send a body with fewer levels of nesting.") from None


def form_body(content: bytes, model: Any) -> Any:
    """Return the model's value from an HTML form's encoding. Refuses `BAD_USER_INPUT` as `from_texts` does."""
    try:
        fields = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, "Send a well-formed form as the body.") from None
    return from_texts(fields, model)


def files_body(content: bytes, content_type: str, model: Any) -> Any:
    """Return the model's value from the parts of a multipart form, which are files by the names of its members. Refuses
    `BAD_USER_INPUT` for a malformed form, a missing file, and a file that is sent twice; other parts are ignored.
    """
    boundary = _header("Content-Type", content_type.encode("latin-1")).get_boundary("")
    parts = (b"\r\n" + content).split(b"\r\n--" + boundary.encode())
    if not boundary or len(parts) - 2 > FIELDS_MAX or not parts[-1].startswith(b"--"):
        raise Refused(Code.BAD_USER_INPUT, "Send a well-formed multipart form as the body.")
    names = {field.encode_name for field in msgspec.structs.fields(model)}
    found: dict[str, bytes] = {}
    for part in parts[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = _header("", head.lstrip()).get_param("name", header="content-disposition")
        if name in found:
            raise Refused(Code.BAD_USER_INPUT, "Send the file once.", (str(name),))
        if name in names:
            found[str(name)] = value
    try:
        return msgspec.convert(found, model)
    except msgspec.ValidationError as error:
        raise misfit(error) from None


def _header(name: str, value: bytes) -> Message:
    return BytesHeaderParser().parsebytes(f"{name}: ".encode() * bool(name) + value + b"\r\n\r\n")


def from_texts(texts: Sequence[tuple[str, str]], model: Any, *, any_case: bool = False) -> Any:
    """Return the model's value from named texts, of which numbers and booleans are read.

    Refuses `BAD_USER_INPUT` with the path, also for two different texts of one name, and for a near miss.
    """
    reader = Reader(any_case=any_case)
    found = reader.read_texts(texts, model)
    if reader.objection is not None:
        raise reader.objection
    try:
        return msgspec.convert(found, model, strict=False)
    except msgspec.ValidationError as error:
        raise misfit(error) from None


def exact(number: Decimal, *path: str) -> Fraction:
    """Parse a number exactly, without rounding. Refuses `BAD_USER_INPUT` for a text that is not a number, and for an
    extremely large or small one, for which exact arithmetic would take too long.
    """
    last = number.as_tuple().exponent
    if not isinstance(last, int) or last not in EXPONENTS or number.adjusted() not in EXPONENTS:
        raise Refused(Code.BAD_USER_INPUT, "Send a number with fewer digits.", path)
    return Fraction(number)


def misfit(error: msgspec.ValidationError) -> Refused:
    """Translate an error of msgspec, such as `Expected `str`, got `int` - at `$.mass.amount``, into a refusal with the
    path as steps.
    """
    found = _AT.fullmatch(str(error))
    message, path = (found["message"], found["path"] or "") if found else (str(error), "")
    steps = [int(index) if index.isdigit() else name or index for name, index in _STEP.findall(path)]
    return Refused(Code.BAD_USER_INPUT, message.replace("\\" + TEXT_END, "$"), steps)
