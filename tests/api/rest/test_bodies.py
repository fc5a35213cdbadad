"""From bytes to models: numbers exactly, faults with their place, nothing that raises anything but a refusal."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from service.api.rest.bodies import exact, form_body, from_texts, json_body
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


def test_members_match_exactly_unless_told_otherwise() -> None:
    assert "targetCurrency" in refusal(b'{"targetcurrency": "BRL"}').message


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b'{"targetCurrency": 5}', ("targetCurrency",)),
        (b'{"targetCurrency": "BRL", "lines": [{"vcuAmount": 1}, {"vcuAmount": []}]}', ("lines", 1, "vcuAmount")),
        (b'{"targetCurrency": "BRL", "metaData": {"a": 1}}', ("metaData", "...")),
        (b"[]", ()),
    ],
)
def test_a_misfit_is_refused_with_its_place(content: bytes, path: tuple[str | int, ...]) -> None:
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
def test_whatever_is_sent_is_refused_and_never_raises(content: bytes, any_case: bool) -> None:
    refusal(content, any_case=any_case)


def test_texts_and_forms_become_numbers() -> None:
    assert from_texts({"targetCurrency": "null", "page": "7"}, Order) == Order("null", page=7)
    assert form_body(b"targetCurrency=a+b%26&page=2", Order) == Order("a b&", page=2)
    assert from_texts({"TargetCurrency": "x", "PAGE": "3"}, Order, any_case=True).page == 3


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
def test_a_number_that_nobody_means_is_refused_with_its_place(text: str):
    with pytest.raises(Refused) as caught:
        exact(Decimal(text), "vcuAmount")
    assert (caught.value.code, caught.value.path) == (Code.BAD_USER_INPUT, ("vcuAmount",))
