"""Scalars of the schema: parsing and printing of numbers, times, dates, currencies and metadata.

Does not know the rules of orders, such as that a mass must be positive; these are checked by the domain. Strawberry's
own scalars accept NaN, 1e400, 1_000, naive times and floats, which would become wrong amounts.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType

import orjson
from graphql import GraphQLError, IntValueNode, ObjectValueNode, StringValueNode, TokenKind, ValueNode, VariableNode
from strawberry import scalar
from strawberry.types.scalar import ScalarDefinition

from service.domain.currencies import CIRCULATING_CODES, is_currency
from service.domain.texts import METADATA_ENTRIES_MAX, METADATA_LENGTH_MAX
from service.plans import serializes_at_once, serializes_to_itself

BigInt = NewType("BigInt", int)
CurrencyCode = NewType("CurrencyCode", str)
Metadata = NewType("Metadata", dict[str, str])


class DecimalText(str):
    """A number as text, already written by a function that knows its unit; it is printed unchanged."""

    __slots__ = ()


_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,18})?")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})",
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT_WIDTH = len("2026-05-01T09:30:00.000000Z")
# Larger JSON numbers lose digits in JavaScript without an error.
_SAFE_INTEGER = 2**53 - 1
_INT64 = range(-(2**63), 2**63)

# Currencies that ceased to circulate since commands used them stay, so that retries can reach their idempotency key.
_CURRENCIES = CIRCULATING_CODES | {"BGN"}


def _decimal(value: object) -> Decimal:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise GraphQLError('Send a Decimal as a string of digits, with a point if needed, such as "12.07".')


def _print_decimal(value: object) -> str:
    if isinstance(value, DecimalText):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")  # str() would print 1E+2
    raise TypeError(f"not a finite Decimal: {value!r}")


def _big_int(value: object) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value) and (number := int(value)) in _INT64:
        return number
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _SAFE_INTEGER:
        number = int(value)  # JSON has one kind of number: 5.0 is 5
        if number == value:
            return number
    raise GraphQLError("A BigInt is a whole number of at most 64 bits, as a string when it is above 2^53.")


def _big_int_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> int:
    # An integer literal is never parsed by JavaScript, so it keeps its digits; int() of an unlimited one would be slow.
    return _big_int(node.value if isinstance(node, StringValueNode | IntValueNode) else None)


@serializes_at_once(int)
def _print_big_int(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"not an int: {value!r}")


def _parse_datetime(value: object) -> datetime:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError('Send a DateTime as a date and a time with an offset, such as "2026-05-01T09:30:00Z".')


@serializes_at_once(datetime)
def _print_datetime(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        # Takes a third of the time of isoformat(), which computes the zero offset in Python.
        text = orjson.dumps(in_utc, None, orjson.OPT_UTC_Z)[1:-1].decode()
        return text if len(text) == _MOMENT_WIDTH else f"{text[:-1]}.000000Z"
    raise TypeError(f"not an aware datetime: {value!r}")


def _date(value: object) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError('Send a Date as year, month and day, such as "2024-12-31".')


@serializes_at_once(date)
def _print_date(value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"not a date: {value!r}")


def _currency(value: object) -> str:
    if isinstance(value, str) and value in _CURRENCIES:
        return value
    if isinstance(value, str) and is_currency(value):
        raise GraphQLError(f'{value} is not a currency in circulation; choose one that is, such as "SAR".')
    raise GraphQLError('A CurrencyCode is three capital letters of ISO 4217, such as "SAR".')


@serializes_to_itself(str)
def _print_text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"not a str: {value!r}")


def _metadata(value: object) -> dict[str, str]:
    if isinstance(value, Mapping) and len(value) <= METADATA_ENTRIES_MAX:
        entries = dict(value)
        if all(_is_metadata_text(key) and key and _is_metadata_text(text) for key, text in entries.items()):
            return entries
    raise GraphQLError(
        f"Send Metadata as an object of at most {METADATA_ENTRIES_MAX} strings; names and strings have at most "
        f"{METADATA_LENGTH_MAX} characters.",
    )


def _is_metadata_text(text: object) -> bool:
    return isinstance(text, str) and len(text) <= METADATA_LENGTH_MAX and "\0" not in text


def _metadata_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> dict[str, str]:
    if not isinstance(node, ObjectValueNode):
        return _metadata(None)
    names = [field.name.value for field in node.fields]
    if len(set(names)) < len(names):
        return _metadata(None)
    return _metadata({field.name.value: _text_of(field.value, variables) for field in node.fields})


def _print_metadata(value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not a mapping: {value!r}")


def _text_of(node: ValueNode, variables: dict[str, Any] | None) -> object:
    if isinstance(node, VariableNode):
        # Validation passes no variables; the text is checked when the operation runs.
        return "" if variables is None else variables.get(node.name.value)
    return node.value if isinstance(node, StringValueNode) else None


def _string_literal(parse: Callable[[object], Any]) -> Callable[..., Any]:
    """Parse string literals only. Strawberry's own conversion accepts an enum value, such as SAR without quotes, as
    text.
    """

    def parse_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> Any:
        return parse(node.value if isinstance(node, StringValueNode) else None)

    return _at_its_place(parse_literal)


def _at_its_place(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Add to errors of a literal its location, and the argument or input field for which it is written."""

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        try:
            return parse(node, variables)
        except GraphQLError as error:
            member = _member_before(node)
            extensions = {"inputPath": [member]} if member else None
            raise GraphQLError(error.message, node, extensions=extensions) from None

    return parse_literal


def _member_before(node: ValueNode) -> str | None:
    token = node.loc.start_token.prev if node.loc else None
    while token is not None and token.kind is not TokenKind.COLON:
        if token.kind not in {TokenKind.BRACKET_L, TokenKind.STRING, TokenKind.INT, TokenKind.NAME}:
            return None
        token = token.prev
    return token.prev.value if token is not None and token.prev is not None else None


_DECIMAL_SCALAR = scalar(
    name="Decimal",
    description=(
        'An exact decimal number, written as a string of digits with a point if needed, such as `"12.07"`. Inputs '
        "must not be negative. Inputs have at most 20 digits before the point, at most 18 digits after the point, and "
        "no exponent. JSON numbers are refused as inputs, because clients round them."
    ),
    serialize=_print_decimal,
    parse_value=_decimal,
    parse_literal=_string_literal(_decimal),
)

SCALARS: dict[object, ScalarDefinition] = {
    Decimal: _DECIMAL_SCALAR,
    DecimalText: _DECIMAL_SCALAR,
    BigInt: scalar(
        name="BigInt",
        description=(
            "A whole number of at most 64 bits, shown as a string because JSON numbers lose digits above 2^53. Given "
            "as a string, or as a number up to 2^53, in variables also with zeros behind the point (`5.0`)."
        ),
        serialize=_print_big_int,
        parse_value=_big_int,
        parse_literal=_at_its_place(_big_int_literal),
    ),
    datetime: scalar(
        name="DateTime",
        description=(
            "A point in time in the format of RFC 3339. Results are in UTC with microseconds: "
            '`"2026-05-01T09:30:00.000000Z"`. Inputs must contain an offset, such as `Z` or `+03:00`, and may '
            "contain at most six decimals of a second."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_print_datetime,
        parse_value=_parse_datetime,
        parse_literal=_string_literal(_parse_datetime),
    ),
    date: scalar(
        name="Date",
        description='A calendar date in the full-date format of RFC 3339, such as `"2024-12-31"`.',
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_print_date,
        parse_value=_date,
        parse_literal=_string_literal(_date),
    ),
    CurrencyCode: scalar(
        name="CurrencyCode",
        description="A currency in use today, written as its ISO 4217 code of three capital letters, such as "
        '`"SAR"`, `"USD"` or `"EUR"`.',
        specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
        serialize=_print_text,
        parse_value=_currency,
        parse_literal=_string_literal(_currency),
    ),
    Metadata: scalar(
        name="Metadata",
        description=(
            f"Data that the caller attaches to an object: a JSON object with at most {METADATA_ENTRIES_MAX} members "
            f"whose values are strings. Names have 1 to {METADATA_LENGTH_MAX} characters, values at most "
            f"{METADATA_LENGTH_MAX}. The service returns the data unchanged and does not interpret it."
        ),
        serialize=_print_metadata,
        parse_value=_metadata,
        parse_literal=_at_its_place(_metadata_literal),
    ),
}
