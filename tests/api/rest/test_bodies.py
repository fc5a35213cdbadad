"""From bytes to models: numbers exactly, faults with their place, nothing that raises anything but a refusal."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from service.api.rest.bodies import exact, form_body, from_texts, json_body, read_json
from service.errors import Code, Refused


class Line(msgspec.Struct):
    vcuAmount: Decimal  # noqa: N815 - the name of a contract


class Order(msgspec.Struct):
    targetCurrency: str  # noqa: N815
    lines: list[Line] = []
    metaData: dict[str, str] = {}  # noqa: N815
    page: int = 1


def refusal(content: bytes, **options: bool) -> Refused:
    with pytest.raises(Refused) as caught:
        json_body(content, Order, **options)
    assert caught.value.code is Code.BAD_USER_INPUT
    return caught.value


@pytest.mark.parametrize("any_case", [False, True])
@pytest.mark.parametrize("number", ["0.02", "150", "0.1000000000000000000000000001", "1e-7", "-3"])
def test_numbers_reach_decimals_exactly_as_written(number: str, any_case: bool) -> None:
    content = b'{"targetCurrency": "BRL", "lines": [{"vcuAmount": %s}]}' % number.encode()

    order = json_body(content, Order, any_case=any_case)

    assert order.lines[0].vcuAmount == Decimal(number)


def test_members_match_whatever_their_case_at_every_depth() -> None:
    content = b'{"TARGETCURRENCY": "BRL", "Lines": [{"VcuAmount": 1}], "metadata": {"Key": "v", "other": "w"}}'

    order = json_body(content, Order, any_case=True)

    assert (order.targetCurrency, order.lines[0].vcuAmount) == ("BRL", 1)
    assert order.metaData == {"Key": "v", "other": "w"}


@pytest.mark.parametrize("spelled", ["targetcurrency", "TargetCurrency", "target_currency", "target-currency", "_T-c_"])
def test_a_misspelt_member_is_refused_with_the_correct_name(spelled: str) -> None:
    spelled = spelled.replace("T-c", "TARGET_currency")
    refused = refusal(b'{"targetCurrency": "BRL", "%s": "USD"}' % spelled.encode())

    assert (refused.message, refused.path) == (f"Unknown member {spelled}: write targetCurrency.", ("targetCurrency",))


def test_a_misspelt_member_is_reported_even_if_the_correct_one_is_missing() -> None:
    assert refusal(b'{"target_currency": "BRL"}').path == ("targetCurrency",)
    refused = refusal(b'{"targetCurrency": "BRL", "lines": [{"vcuAmount": 1}, {"vcu_amount": 1}]}')
    assert (refused.message, refused.path) == (
        "Unknown member lines.1.vcu_amount: write vcuAmount.",
        ("lines", 1, "vcuAmount"),
    )


def test_other_unknown_members_are_ignored_and_keys_of_free_objects_are_no_members() -> None:
    content = b'{"targetCurrency": "BRL", "currency": "USD", "lines": [], "metaData": {"target_currency": "x"}}'

    assert json_body(content, Order) == Order("BRL", metaData={"target_currency": "x"})


def test_with_any_case_only_other_separators_are_misspellings() -> None:
    assert json_body(b'{"TARGETcurrency": "BRL"}', Order, any_case=True) == Order("BRL")
    assert refusal(b'{"target_currency": "BRL"}', any_case=True).path == ("targetCurrency",)


@pytest.mark.parametrize("any_case", [False, True])
@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b'{"targetCurrency": "BRL", "targetCurrency": "USD"}', ("targetCurrency",)),
        (b'{"targetCurrency": "BRL", "targetCurrency": "BRL"}', ("targetCurrency",)),
        (b'{"targetCurrency": "BRL", "lines": [{"vcuAmount": 1, "vcuAmount": 2}]}', ("lines", 0, "vcuAmount")),
        (b'{"targetCurrency": "BRL", "metaData": {"a": "x:y", "a": "z"}}', ("metaData", "a")),
        (b'{"targetCurrency": "BRL", "unknown": 1, "unknown": 1}', ("unknown",)),
        (b'{"targetCurrency": "BRL", "page": 2, "\\u0070age": 3}', ("page",)),
        (b'{"targetCurrency": "a\\u003ab", "page": 2, "page": 3}', ("page",)),
    ],
)
def test_a_repeated_member_is_refused_with_its_path(
    content: bytes, path: tuple[str | int, ...], any_case: bool
) -> None:
    refused = refusal(content, any_case=any_case)

    assert (refused.message, refused.path) == (f"The member {'.'.join(map(str, path))} stands twice.", path)


@pytest.mark.parametrize("other", ["TARGETCURRENCY", "targetcurrency", "TargetCurrency"])
def test_two_spellings_of_one_member_are_the_member_twice(other: str) -> None:
    refused = refusal(b'{"targetCurrency": "BRL", "%s": "USD"}' % other.encode(), any_case=True)

    assert (refused.message, refused.path) == ("The member targetCurrency stands twice.", ("targetCurrency",))


@pytest.mark.parametrize(
    "content", [b'{"targetCurrency": "A", "targetCurrency": "B"}', b'{"targetCurrency": "B", "target_currency": "C"}']
)
def test_a_misspelling_is_returned_with_the_value_that_earlier_releases_read(content: bytes) -> None:
    value, objection = read_json(content, Order)

    assert (value, objection is None) == (Order("B"), False)


@pytest.mark.parametrize("any_case", [False, True])
@pytest.mark.parametrize(
    ("number", "whole"),
    [
        ("5.0", 5),
        ("5.000", 5),
        ("5e0", 5),
        ("0.5e1", 5),
        ("50E-1", 5),
        ("-3.0", -3),
        ("0.0", 0),
        ("-0.0", 0),
        ("0e999999999", 0),
        ("1e18", 10**18),
    ],
)
def test_a_whole_number_may_be_written_as_5_0(number: str, whole: int, any_case: bool) -> None:
    order = json_body(b'{"targetCurrency": "BRL", "page": %s}' % number.encode(), Order, any_case=any_case)

    assert (order.page, type(order.page)) == (whole, int)


@pytest.mark.parametrize("any_case", [False, True])
@pytest.mark.parametrize(
    "number", ["5.5", "5.00000000000000000001", "1e-9", "1e19", "1e999999999", "1e-999999999", '"5.0"', '"5"']
)
def test_any_other_number_is_no_whole_number(number: str, any_case: bool) -> None:
    refused = refusal(b'{"targetCurrency": "BRL", "page": %s}' % number.encode(), any_case=any_case)

    assert refused.path == ("page",)
    assert refused.message.startswith("Expected `int`, got `")
    assert "decimal" not in refused.message


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b'{"targetCurrency": 5}', ("targetCurrency",)),
        (b'{"targetCurrency": "BRL", "lines": [{"vcuAmount": 1}, {"vcuAmount": []}]}', ("lines", 1, "vcuAmount")),
        (b'{"targetCurrency": "BRL", "metaData": {"a": 1}}', ("metaData", "...")),
        (b"[]", ()),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_with_its_path(content: bytes, path: tuple[str | int, ...]) -> None:
    refused = refusal(content)

    assert refused.path == path
    assert "$" not in refused.message


MALFORMED = [
    b"",
    b"{",
    b"nope",
    b"\xff",
    b'{"targetCurrency": "\xff"}',
    b'{"targetCurrency": "\\ud800"}',
    b'{"page": NaN}',
    b"[" * 100_000,
    b'{"x": ' + b"[" * 100_000,
    b'{"x": ' + b'{"x": ' * 100_000,
    b'{"page": ' + b"9" * 90_000 + b"}",
]


@pytest.mark.parametrize("any_case", [False, True])
@pytest.mark.parametrize("content", MALFORMED, ids=range(len(MALFORMED)))
def test_any_invalid_body_is_refused_without_another_exception(content: bytes, any_case: bool) -> None:
    refusal(content, any_case=any_case)


def test_texts_and_forms_become_numbers() -> None:
    assert from_texts([("targetCurrency", "null"), ("page", "7")], Order) == Order("null", page=7)
    assert form_body(b"targetCurrency=a+b%26&page=2", Order) == Order("a b&", page=2)
    assert from_texts([("TargetCurrency", "x"), ("PAGE", "3")], Order, any_case=True).page == 3
    assert from_texts([("targetCurrency", "x"), ("other", "1"), ("other", "2")], Order).page == 1


@pytest.mark.parametrize(
    ("texts", "any_case", "path"),
    [
        ([("page", "1"), ("page", "2")], False, "page"),
        ([("page", "1"), ("Page", "2")], True, "page"),
        ([("page", ""), ("page", "2")], False, "page"),
        ([("Page", "1")], False, "page"),
        ([("pa_ge", "1")], True, "page"),
        ([("target-currency", "BRL")], False, "targetCurrency"),
    ],
)
def test_parameters_that_contradict_or_miss_a_name_narrowly_are_refused(
    texts: list[tuple[str, str]], any_case: bool, path: str
) -> None:
    with pytest.raises(Refused) as caught:
        from_texts([("targetCurrency", "x"), *texts], Order, any_case=any_case)
    assert (caught.value.code, caught.value.path) == (Code.BAD_USER_INPUT, (path,))


def test_a_parameter_may_be_repeated_with_the_same_value() -> None:
    assert form_body(b"targetCurrency=x&page=2&page=2&targetCurrency=x", Order) == Order("x", page=2)


@pytest.mark.parametrize("content", [b"page=x", b"\xff=1", b"&".join(b"a=1" for _ in range(101))])
def test_a_form_that_does_not_fit_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        form_body(content, Order)


def test_a_decimal_is_taken_exactly():
    for text, number in (("0.1", Fraction(1, 10)), ("1e20", Fraction(10**20)), ("5e-324", Fraction(5, 10**324))):
        assert exact(Decimal(text)) == number


@pytest.mark.parametrize(
    "text", ["NaN", "sNaN", "-Infinity", "1e21", "1e9999999", "0e9999999", "1e-401", "9" * 22, "1." + "0" * 401]
)
def test_an_extreme_number_is_refused_with_its_path(text: str):
    with pytest.raises(Refused) as caught:
        exact(Decimal(text), "vcuAmount")
    assert (caught.value.code, caught.value.path) == (Code.BAD_USER_INPUT, ("vcuAmount",))
