"""From bytes and query strings to declared models. Whatever does not fit is refused with the path of the fault.

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
"""Wider than what any program writes of a measurement. 1e9999999 is a short text, and a number that fills memory."""

_AT = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[([0-9]+|\.\.\.)\]")


def json_body(content: bytes, model: Any, *, any_case: bool = False) -> Any:
    """The model's value. Refuses `BAD_USER_INPUT` for malformed JSON, and for JSON that does not fit, with the path.

    Numbers reach `Decimal` fields exactly as they are written. With `any_case` the members of objects are matched
    whatever their case; of two that differ in nothing else the last one counts.
    """
    try:
        if not any_case:
            return msgspec.json.decode(content, type=model)
        loose = msgspec.json.Decoder(float_hook=Decimal).decode(content)
        return msgspec.convert(_respelled(loose, _spellings(model)), model)
    except msgspec.ValidationError as error:
        raise misfit(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation):
        raise Refused(Code.BAD_USER_INPUT, "The body is not well-formed JSON.") from None
    except RecursionError:
        raise Refused(Code.BAD_USER_INPUT, "The body is nested too deeply.") from None


def form_body(content: bytes, model: Any) -> Any:
    """The model's value from an HTML form's encoding. Refuses `BAD_USER_INPUT`."""
    try:
        fields = dict(parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, "The body is not a well-formed form.") from None
    return from_texts(fields, model)


def from_texts(texts: Mapping[str, str], model: Any, *, any_case: bool = False) -> Any:
    """The model's value from texts, of which numbers and booleans are read. Refuses `BAD_USER_INPUT` with the path."""
    if any_case:
        texts = _respelled(texts, _spellings(model))
    try:
        return msgspec.convert(texts, model, strict=False)
    except msgspec.ValidationError as error:
        raise misfit(error) from None


def exact(number: Decimal, *path: str) -> Fraction:
    """The number itself, not rounded. Refuses `BAD_USER_INPUT` for what is none, and for the absurdly large or fine:
    exact arithmetic with those would not come to an end.
    """
    last = number.as_tuple().exponent
    if not isinstance(last, int) or last not in EXPONENTS or number.adjusted() not in EXPONENTS:
        raise Refused(Code.BAD_USER_INPUT, "The number is out of bounds.", path)
    return Fraction(number)


def misfit(error: msgspec.ValidationError) -> Refused:
    """What msgspec has found, with the path as steps: `Expected `str`, got `int` - at `$.mass.amount``."""
    found = _AT.fullmatch(str(error))
    message, path = (found["message"], found["path"] or "") if found else (str(error), "")
    steps = [int(index) if index.isdigit() else name or index for name, index in _STEP.findall(path)]
    return Refused(Code.BAD_USER_INPUT, message, steps)


def _spellings(model: Any) -> dict[str, str]:
    """Every member's name that occurs in the model, by its case-folded form."""
    _, components = msgspec.json.schema_components([model])
    names = (name for component in components.values() for name in component.get("properties", ()))
    return {name.casefold(): name for name in names}


def _respelled(value: Any, spellings: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {spellings.get(name.casefold(), name): _respelled(each, spellings) for name, each in value.items()}
    if isinstance(value, list):
        return [_respelled(each, spellings) for each in value]
    return value
