from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from hypothesis import example, given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from service.api.graphql.scalars import SCALARS, BigInt, CurrencyCode, Metadata

LATE, WEST = datetime(9999, 12, 31), timezone(timedelta(hours=-9, minutes=-30))  # noqa: DTZ001 - drawn, then in a zone
shown: dict[str, Any] = {}


@strawberry.type
class Query:
    @strawberry.field
    def decimal(self, value: Decimal | None = None) -> Decimal | None:
        return shown.get("decimal", value)

    @strawberry.field
    def big(self, value: BigInt | None = None) -> BigInt | None:
        return shown.get("big", value)

    @strawberry.field
    def moment(self, value: datetime | None = None) -> datetime | None:
        return shown.get("moment", value)

    @strawberry.field
    def currency(self, value: CurrencyCode | None = None) -> CurrencyCode | None:
        return shown.get("currency", value)

    @strawberry.field
    def metadata(self, value: Metadata | None = None) -> Metadata | None:
        return shown.get("metadata", value)


schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
TYPES = {
    "decimal": "Decimal",
    "big": "BigInt",
    "moment": "DateTime",
    "currency": "CurrencyCode",
    "metadata": "Metadata",
}


@pytest.fixture(autouse=True)
def _echo() -> Any:
    yield
    shown.clear()


def sent(field: str, value: object) -> object:
    """What the field answers when `value` goes in as a variable; "refused" when it does not."""
    result = schema.execute_sync(f"query ($v: {TYPES[field]}) {{ {field}(value: $v) }}", {"v": value})
    return "refused" if result.errors else result.data[field]


def written(field: str, literal: str) -> object:
    """The same for a literal in the document."""
    result = schema.execute_sync(f"{{ {field}(value: {literal}) }}")
    return "refused" if result.errors else result.data[field]


@pytest.mark.parametrize("text", ["0", "12.07", "0.000000000000000001", "99999999999999999999", "1.50", "007.10"])
def test_a_decimal_keeps_every_digit_it_came_with(text: str):
    assert sent("decimal", text) == format(Decimal(text), "f")
    assert written("decimal", f'"{text}"') == format(Decimal(text), "f")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "NaN",
        "Infinity",
        "-1",
        "+1",
        "1e3",
        "1E+2",
        "1_000",
        " 1 ",
        "1\n",
        "1.",
        ".5",
        "1,5",
        "0x10",
        "\u0661",
        "1" * 21,
        "1." + "1" * 19,
        "1" * 5000,
        1,
        1.5,
        True,
        ["1"],
        {"a": "1"},
    ],
)
def test_a_decimal_in_any_other_form_is_refused(value: object):
    assert sent("decimal", value) == "refused"


@pytest.mark.parametrize(
    ("number", "shown_as"), [(5.0, "5"), (-3.0, "-3"), (0.0, "0"), (-0.0, "0"), (1e15, "1" + "0" * 15)]
)
def test_a_big_int_in_a_variable_may_be_written_as_5_0(number: float, shown_as: str):
    assert sent("big", number) == shown_as
    assert written("big", str(number)) == "refused"
    assert written("big", f'"{number}"') == sent("big", str(number)) == "refused"


@pytest.mark.parametrize("number", [5.5, 1e16, -1e300, 2.0**53, 5e-324, float("inf"), float("nan")])
def test_a_big_int_cannot_be_a_float_with_a_fraction(number: float):
    assert sent("big", number) == "refused"


@pytest.mark.parametrize("literal", ["1", "1.5", "NaN", "true", "1e400", "9" * 5000, '["1"]'])
def test_a_decimal_literal_is_a_string(literal: str):
    assert written("decimal", literal) == "refused"


def test_a_decimal_is_never_printed_with_an_exponent():
    shown["decimal"] = Decimal("1E+5")
    assert sent("decimal", None) == "100000"


@pytest.mark.parametrize("bad", [Decimal("NaN"), 1.5, "1.5"])
def test_a_float_returned_by_a_resolver_is_not_printed_as_a_decimal(bad: object):
    shown["decimal"] = bad
    assert sent("decimal", None) == "refused"


def test_a_big_int_is_a_string_beyond_32_and_53_bits():
    assert sent("big", "9223372036854775807") == "9223372036854775807"
    assert sent("big", "-9223372036854775808") == "-9223372036854775808"
    assert sent("big", 2**53 - 1) == "9007199254740991"
    assert written("big", "9223372036854775807") == "9223372036854775807"
    assert written("big", '"5"') == "5"


@pytest.mark.parametrize(
    "value",
    ["", "01", "-0", "1.0", "1e3", "1_0", " 1", "\u0661", str(2**63), "9" * 5000, 2**53, 1.5, True, [1]],
)
def test_what_is_not_a_whole_number_of_64_bits_is_refused(value: object):
    assert sent("big", value) == "refused"


@pytest.mark.parametrize("literal", ["1.0", "true", "A", "9" * 5000, str(2**63)])
def test_an_odd_big_int_literal_is_refused(literal: str):
    assert written("big", literal) == "refused"


def test_a_moment_is_shown_in_utc_with_microseconds():
    assert sent("moment", "2026-05-01T12:30:00+03:00") == "2026-05-01T09:30:00.000000Z"
    assert sent("moment", "2026-05-01T09:30:00.12Z") == "2026-05-01T09:30:00.120000Z"
    assert written("moment", '"2026-05-01T09:30:00.123456-00:00"') == "2026-05-01T09:30:00.123456Z"


@given(st.datetimes(max_value=LATE, timezones=st.sampled_from([UTC, WEST])))
@example(datetime(1, 1, 1, tzinfo=UTC))
@example(datetime(2026, 5, 1, 9, 30, 0, 7, tzinfo=UTC))
def test_every_moment_has_one_width_and_is_read_back_as_itself(moment: datetime):
    shown["moment"] = moment
    text = str(sent("moment", None))
    assert text == moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert datetime.fromisoformat(text) == moment


def test_a_moment_of_a_resolver_is_converted_from_its_own_zone():
    shown["moment"] = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    assert sent("moment", None) == "2026-05-01T09:00:00.000000Z"


def test_a_naive_moment_of_a_resolver_is_a_fault():
    shown["moment"] = datetime(2026, 5, 1, 12, tzinfo=UTC).replace(tzinfo=None)
    assert sent("moment", None) == "refused"


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-01",
        "2026-05-01T09:30:00",
        "2026-W01-1T00:00:00Z",
        "20260501T093000Z",
        "2026-05-01 09:30:00Z",
        "2026-02-30T00:00:00Z",
        "2026-05-01T24:00:01Z",
        "2026-05-01T09:30:60Z",
        "0001-01-01T00:00:00+14:00",
        "2026-05-01T09:30:00.1234567Z",
        "2026-05-01T09:30:00+25:00",
        "2026-05-01T09:30:00Z\n",
        1777627800,
        "",
    ],
)
def test_a_moment_needs_a_full_date_a_time_and_an_offset(value: object):
    assert sent("moment", value) == "refused"


def test_a_currency_is_one_in_use_in_capital_letters():
    assert sent("currency", "SAR") == "SAR"
    assert written("currency", '"USD"') == "USD"
    for odd in ("sar", "DEM", "XXX", "", "SA", "SARR", "S\u0410R", 682):
        assert sent("currency", odd) == "refused"
    assert written("currency", "SAR") == "refused"


def test_metadata_is_a_bounded_map_of_strings():
    assert sent("metadata", {"po": "4711", "é": ""}) == {"po": "4711", "é": ""}
    assert written("metadata", '{po: "4711"}') == {"po": "4711"}
    full = {f"k{n}": "x" * 500 for n in range(50)}
    assert sent("metadata", full) == full


@pytest.mark.parametrize(
    "value",
    [
        {"": "x"},
        {"a": 1},
        {"a": None},
        {"a": {"b": "c"}},
        {"a": "x" * 501},
        {"a" * 501: "x"},
        {"a": "\x00"},
        {"\x00": "a"},
        {f"k{n}": "" for n in range(51)},
        [["a", "b"]],
        "a",
        5,
    ],
)
def test_other_metadata_is_refused(value: object):
    assert sent("metadata", value) == "refused"


@pytest.mark.parametrize(
    "literal", ["{a: 1}", "{a: B}", "{a: null}", '[{a: "b"}]', '{a: {b: "c"}}', '"a"', '{a: "x", a: "y"}']
)
def test_other_metadata_literals_are_refused(literal: str):
    assert written("metadata", literal) == "refused"


def test_a_variable_inside_a_metadata_literal_is_read():
    result = schema.execute_sync('query ($v: String) { metadata(value: {po: $v, to: "x"}) }', {"v": "4711"})
    assert (result.errors, result.data) == (None, {"metadata": {"po": "4711", "to": "x"}})


def test_every_scalar_says_what_it_is():
    for definition in SCALARS.values():
        assert definition.description
        assert definition.name in schema.as_str()
