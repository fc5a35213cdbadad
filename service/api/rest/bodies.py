"""Parsing of request bodies and query strings into declared models. Values that do not fit are refused with their path.

Knows msgspec, and no contract.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from service.errors import Code, Refused

FIELDS_MAX = 100
EXPONENTS = range(-400, 21)
"""Maximum number of digits of a number, more than any program writes. 1e9999999 is a short text, but a number that
fills the memory.
"""

_AT = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[([0-9]+|\.\.\.)\]")


def json_body(content: bytes, model: Any, *, any_case: bool = False) -> Any:
    """Parse a JSON body into the model. Refuses `BAD_USER_INPUT` for malformed JSON, and for JSON that does not fit,
    with the path.

    Numbers reach `Decimal` fields exactly as they are written. With `any_case` the members of objects are matched
    without regard to case; of two that differ only in case the last one counts.
    """
    try:
        if not any_case:
            return msgspec.json.decode(content, type=model)
        loose = msgspec.json.Decoder(float_hook=Decimal).decode(content)
        return msgspec.convert(_respelled(loose, _spellings(model)), model)
    except msgspec.ValidationError as error:
        raise misfit(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation):
        raise Refused(Code.BAD_USER_INPUT, "Send a well-formed JSON body.") from None
    except RecursionError:
        raise Refused(Code.BAD_USER_INPUT, "Send a body with fewer levels of nesting.") from None


def form_body(content: bytes, model: Any) -> Any:
    """Parse an HTML form into the model. Refuses `BAD_USER_INPUT`."""
    try:
        fields = dict(parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, "Send a well-formed form as the body.") from None
    return from_texts(fields, model)


def from_texts(texts: Mapping[str, str], model: Any, *, any_case: bool = False) -> Any:
    """Parse texts, such as query parameters, into the model, with numbers and booleans read from them. Refuses
    `BAD_USER_INPUT` with the path.
    """
    if any_case:
        texts = _respelled(texts, _spellings(model))
    try:
        return msgspec.convert(texts, model, strict=False)
    except msgspec.ValidationError as error:
        raise misfit(error) from None


def exact(number: Decimal, *path: str) -> Fraction:
    """Parse a number exactly, without rounding. Refuses `BAD_USER_INPUT` for a text that is no number, and for an
    extremely large or small one, with which exact arithmetic would not come to an end.
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
    return Refused(Code.BAD_USER_INPUT, message, steps)


def _spellings(model: Any) -> dict[str, str]:
    """Return the name of every member that occurs in the model, by its case-folded form."""
    _, components = msgspec.json.schema_components([model])
    names = (name for component in components.values() for name in component.get("properties", ()))
    return {name.casefold(): name for name in names}


def _respelled(value: Any, spellings: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {spellings.get(name.casefold(), name): _respelled(each, spellings) for name, each in value.items()}
    if isinstance(value, list):
        return [_respelled(each, spellings) for each in value]
    return value
