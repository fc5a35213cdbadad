"""Serial numbers of every registry, read, cut and written back. The rows are real texts with altered numbers."""

import re

import pytest

from service.domain.serials.block import Layout, legacy_block
from service.domain.serials.forms import SerialForm
from service.domain.serials.reading import (
    EXAMPLES,
    read_columns,
    read_pair,
    read_prefix,
    read_range,
    read_serials,
    read_unnumbered,
    refuse_unless_mass,
)
from service.errors import Code, Refused
from tests.domain.serial_rows import ROWS, Row, by_number, refusal_of


def test_the_table_has_forty_rows_and_a_row_of_every_form():
    assert [row.number for row in ROWS] == list(range(1, 41))
    assert {row.form for row in ROWS} == set(SerialForm) - {SerialForm.NONE}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_row_is_read_into_its_numbers_and_written_back_unchanged(row: Row):
    block = row.read()

    assert (block.first, block.last) == (int(row.first), int(row.last))
    assert block.tonnes == int(row.last) - int(row.first) + 1
    assert block.written() == tuple(row.text.split(", ") if row.kind == "P" else [row.text])
    assert block.layout == {"P": Layout.PAIR, "F": Layout.TWICE}.get(row.kind, Layout.RANGE)
    assert block.width == (row.width if row.first.startswith("0") and row.first != "0" else 1)


@pytest.mark.parametrize("row", [row for row in ROWS if row.cut != "one"], ids=lambda row: row.number)
def test_the_halves_of_a_row_print_its_text_with_new_numbers(row: Row):
    block = row.read()
    half = block.tonnes // 2
    end, begin = row.cut.split("/")

    assert block.part(0, half).written() == row.with_numbers(row.first, end)
    assert block.part(half, block.tonnes).written() == row.with_numbers(begin, row.last)


@pytest.mark.parametrize("row", [row for row in ROWS if row.cut == "one"], ids=lambda row: row.number)
def test_a_row_of_one_credit_is_that_credit(row: Row):
    block = row.read()

    assert block.tonnes == 1
    assert block.credit(block.first) == row.text == block.part(0, 1).written()[0]


@pytest.mark.parametrize(
    ("number", "credit"),
    [
        (2, "0001-000007-000007-VCS-VCU-003-VER-US-0003-01012020-31122020-1"),
        (7, "GS1-1-KE-GS7496-16-2025-30646-614-614"),
        (11, "RW-5-1463960-2-2-0-7015"),
        (13, "CAR-1-US-1336-31-983-KS-2025-9206-7 to 7"),
        (18, "ACR-US-193-2010-204-7-7"),
        (26, "CDC_2_1_1_321_14_1, 6, 6"),
        (30, "643002406555908611000000140225"),
        (36, "CA0001-NG-CH-12-7-7-2024"),
        (38, "A351"),
        (40, "WCC-77-7-7"),
    ],
)
def test_the_seventh_credit_is_written_as_its_registry_writes_one(number: int, credit: str):
    block = by_number(number).read()

    assert block.credit(block.first + 6) == credit
    assert list(block.part(6, 7).credits()) == [credit]


def test_grams_touch_the_serials_that_they_are_part_of():
    block = by_number(2).read()
    tail = "-VCS-VCU-003-VER-US-0003-01012020-31122020-1"

    assert block.touched(0, 1).written() == (f"0001-000001-000001{tail}",)
    assert block.touched(999_999, 1_000_001).written() == (f"0001-000001-000002{tail}",)
    assert block.touched(1_000_000, 3_000_000).written() == (f"0001-000002-000003{tail}",)
    assert block.touched(0, 100_000_000) == block


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (0, 0), (2, 1), (0, 101), (100, 101)])
def test_a_part_lies_within_its_block(start: int, stop: int):
    with pytest.raises(ValueError, match="at least one of its tonnes"):
        by_number(2).read().part(start, stop)


def test_batches_from_before_forms_print_as_they_always_did():
    block = legacy_block("GS1-1-KE-GS98-16-2019-778-100", 1, 2_500_000)

    assert (block.tonnes, block.written()) == (
        3,
        ("GS1-1-KE-GS98-16-2019-778-1001", "GS1-1-KE-GS98-16-2019-778-1003"),
    )


def test_a_prefix_and_a_number_still_make_a_block():
    block = read_prefix(" GS1-1-KE-GS98-16-2019-778-", 1001, 1000)

    assert block.written() == ("GS1-1-KE-GS98-16-2019-778-1001", "GS1-1-KE-GS98-16-2019-778-2000")
    assert block == legacy_block("GS1-1-KE-GS98-16-2019-778-", 1001, 1_000_000_000)


@pytest.mark.parametrize("form", [form for form in SerialForm if form is not SerialForm.NONE])
def test_the_example_of_a_form_is_of_the_form(form: SerialForm):
    assert read_range(form, EXAMPLES[form]).written() == (EXAMPLES[form],)


def test_serials_come_as_a_range_a_pair_or_columns():
    columns = {"serial_range": "CDC_8_1_1_321_14_CO_1_1", "first_serial": "294000", "last_serial": "295999"}

    assert read_serials(SerialForm.CAR, serial_range=by_number(13).text) == by_number(13).read()
    assert read_serials(SerialForm.PLAIN, first_serial="OAK-1", last_serial="OAK-100") == by_number(39).read()
    assert read_serials(SerialForm.CERCARBONO, **columns) == by_number(25).read()


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({}, "serial_range"),
        ({"first_serial": "OAK-1"}, "last_serial"),
        ({"last_serial": "OAK-9"}, "first_serial"),
        ({"serial_range": "OAK-1-9", "first_serial": "OAK-1"}, "last_serial"),
        ({"serial_range": "OAK-1-9", "first_serial": "OAK-1", "last_serial": "OAK-9"}, "serial_range"),
    ],
)
def test_half_of_a_statement_is_refused_with_the_missing_member(members, named: str):
    code, _, path = refusal_of(read_serials, SerialForm.PLAIN, **members)

    assert (code, path) == (Code.BAD_USER_INPUT, (named,))


def test_credits_in_national_reports_are_a_pair_of_ranges_of_one():
    block = read_pair(SerialForm.NATIONAL, "CA0001-NG-CH-12-1-1-2024", "CA0001-NG-CH-12-500-500-2024")

    assert (block.tonnes, block.layout) == (500, Layout.PAIR)
    assert block.part(10, 20).written() == ("CA0001-NG-CH-12-11-11-2024", "CA0001-NG-CH-12-20-20-2024")


@pytest.mark.parametrize(
    ("form", "first", "last", "seventh"),
    [
        (SerialForm.KYOTO, "RW-5-1-2-2-0-7015", "RW-5-20-2-2-0-7015", "RW-5-7-2-2-0-7015"),
        (SerialForm.PURO, f"{'6' * 18}{1:012}", f"{'6' * 18}{20:012}", f"{'6' * 18}{7:012}"),
        (SerialForm.CERCARBONO, "CDC_2_1_BF, 1", "CDC_2_1_BF, 20", "CDC_2_1_BF, 7"),
        (SerialForm.ACR, "ACR-FR-9-2025-2-1 to 1", "ACR-FR-9-2025-2-20 to 20", "ACR-FR-9-2025-2-7 to 7"),
        (SerialForm.PLAIN, "OAK-001", "oak-020", "OAK-007"),
    ],
)  # fmt: skip
def test_a_pair_prints_parts_as_pairs(form: SerialForm, first: str, last: str, seventh: str):
    block = read_pair(form, first, last)

    assert (block.first, block.last, block.layout) == (1, 20, Layout.PAIR)
    assert block.part(6, 7).written() == (seventh, seventh)


PASTED = [
    ("a leading tab", 35, "\tVU-ITMO-11-357-2022-0-27-35"),
    ("a line break behind", 7, "GS1-1-KE-GS7496-16-2025-30646-608-30350\r\n"),
    ("a broken line", 7, "GS1-1-KE-GS7496-\n16-2025-30646-608-30350"),
    ("a byte order mark and a soft hyphen", 7, "\ufeffGS1-1-KE-GS74\u00ad96-16-2025-30646-608-30350"),
    ("zero-width blanks", 9, "GS1-1-CN-GS7605-3-2020-21290-1\u200b-\u200b99"),
    ("non-breaking blanks", 13, "CAR-1-US-1336-31-983-KS-2025-9206-1\u00a0to\u00a05000"),
    ("a line break before to", 13, "CAR-1-US-1336-31-983-KS-2025-9206-1\nto 5000"),
    ("a double blank", 17, "ACR-FR-1130-2025-2918-30932  to 35143"),
    ("a wrapped pair", 11, "RW-5-1463954-2-2-0-7015 -\n RW-5-1467610-2-2-0-7015"),
    ("a wrap before the dash", 11, "RW-5-1463954-2-2-0-7015\u2028- RW-5-1467610-2-2-0-7015"),
]


@pytest.mark.parametrize(("number", "text"), [case[1:] for case in PASTED], ids=[case[0] for case in PASTED])
def test_what_a_paste_adds_is_not_kept(number: int, text: str):
    row = by_number(number)

    assert read_range(row.form, text) == row.read()
    assert read_range(row.form, text).written() == (row.text,)


SPELT = [
    (
        "en dashes",
        1,
        "9801\u2013122000101\u2013122000200\u2013VCS\u2013VCU\u20131491\u2013VER\u2013IN\u20131\u2013612\u201301012019\u201331122019\u20130",
    ),
    ("minus signs", 40, "WCC\u221277\u22121\u2212100"),
    ("non-breaking hyphens", 7, "GS1\u20111\u2011KE\u2011GS7496\u201116\u20112025\u201130646\u2011608\u201130350"),
    ("lower case", 13, "car-1-us-1336-31-983-ks-2025-9206-1 to 5000"),
    ("blanks beside dashes", 4, "241 - 7863590 - 7889020 - VCU-003-APX-IN-1-102-01042006-18032007-0"),
    ("a dash for to", 13, "CAR-1-US-1336-31-983-KS-2025-9206-1-5000"),
    ("upper-case hex", 29, "40980B1A-CFF7-4C78-9CC5-A3A2F18C7E0E_1000-1001"),
    ("columns of a spreadsheet", 25, "CDC_8_1_1_321_14_CO_1_1 294000 295999"),
]


@pytest.mark.parametrize(("number", "text"), [case[1:] for case in SPELT], ids=[case[0] for case in SPELT])
def test_another_spelling_is_read_and_printed_as_received(number: int, text: str):
    row = by_number(number)
    block = read_range(row.form, text)

    assert (block.first, block.last, block.written()) == (int(row.first), int(row.last), (text,))


UNREADABLE = [
    ("last below first", SerialForm.VERRA, by_number(1).text.replace("122000200", "122000100"), "below the first"),
    ("last below first in text", SerialForm.CAR, "CAR-1-US-1336-31-983-KS-2025-9206-5000 to 1", "below the first"),
    ("unlike prefixes", SerialForm.KYOTO, "RW-5-1-2-2-0-7015 - UG-5-9-2-2-0-7015", "differ in the text around"),
    ("unlike suffixes", SerialForm.KYOTO, "RW-5-1-2-2-0-7015 - RW-5-9-2-2-0-7016", "differ in the text around"),
    ("unlike plants", SerialForm.PURO, f"{'6' * 18}{1:012} - {'6' * 17}5{9:012}", "differ in the text around"),
    ("A345-B567 as in public docs", SerialForm.PLAIN, "A345-B567", "differ in the text around"),
    ("Arabic digits", SerialForm.PLAIN, "OAK-\u0661-\u0661\u0660\u0660", "digits 0 to 9. U+0661"),
    ("full-width digits", SerialForm.PLAIN, "OAK-\uff11-\uff19", "digits 0 to 9. U+FF11"),
    ("a superscript", SerialForm.PLAIN, "OAK\u00b2-1-9", "digits 0 to 9. U+00B2"),
    ("a Cyrillic letter", SerialForm.GOLD_STANDARD, "GS1-1-\u041aE-GS98-16-2019-778-1-9", "ASCII letters.*U\\+041A"),
    ("a Greek letter", SerialForm.PLAIN, "\u039fAK-1-9", "ASCII letters.*U\\+039F"),
    ("a null character", SerialForm.PLAIN, "OAK\x00-1-9", "ASCII letters.*U\\+0000"),
    ("a lone surrogate", SerialForm.PLAIN, "OAK\ud800-1-9", "ASCII letters.*U\\+D800"),
    ("nothing", SerialForm.PLAIN, " \u200b\n", "The text is empty"),
    ("a novel", SerialForm.PLAIN, "OAK-" + "1" * 500, "at most 410 characters"),
    ("another form", SerialForm.VERRA, by_number(7).text, "form verra, such as 9801-.*give the serial form"),
    ("Markit's end cut off", SerialForm.MARKIT, by_number(32).text.removesuffix("-P"), "form markit"),
    ("a number with separators", SerialForm.CAR, "CAR-1-US-1336-31-983-KS-2025-9206-1 to 5,000", "form car"),
    ("a number cut by a blank", SerialForm.VERRA, by_number(1).text.replace("122000101", "122000 101"), "form verra"),
    ("19 digits", SerialForm.PLAIN, f"OAK-{10**18}-{10**18}", "at most 18 digits"),
    ("zeros in one number", SerialForm.PLAIN, "OAK-1-0100", "same leading zeros, not 1 and 0100"),
    ("fewer zeros in the last", SerialForm.PLAIN, "OAK-001-09", "same leading zeros, not 001 and 09"),
    ("a date that is none", SerialForm.VERRA, by_number(1).text.replace("31122019", "31022019"), "31022019 is no date"),
    ("a period that runs back", SerialForm.VERRA, by_number(1).text.replace("31122019", "31122018"), "ends before"),
    ("a month that is none", SerialForm.BIOCARBON, by_number(22).text.replace("2112", "2113"), "2113 is no month"),
    ("one serial", SerialForm.KYOTO, "RW-5-1463954-2-2-0-7015", "Give a range of the form kyoto"),
    ("a prefix that is part of the number", SerialForm.PLAIN, "OAK 7 1-100", "the whole run of digits"),
    ("numbers alone", SerialForm.PLAIN, "1-100", "Give a range of the form plain, such as OAK-1-100"),
    ("a prefix that names nothing", SerialForm.PLAIN, "-1-100", "Give a prefix with a letter or digit"),
    ("serials of no registry", SerialForm.NONE, "OAK-1-100", "Leave the serials out"),
]


@pytest.mark.parametrize(
    ("form", "text", "said"), [case[1:] for case in UNREADABLE], ids=[case[0] for case in UNREADABLE]
)
def test_a_text_that_is_no_range_is_refused_with_what_to_do(form: SerialForm, text: str, said: str):
    code, message, path = refusal_of(read_range, form, text)

    assert (code, path) == (Code.BAD_USER_INPUT, ("serial_range",))
    assert re.search(said if "\\" in said or ".*" in said else re.escape(said), message)


@pytest.mark.parametrize(
    ("form", "first", "last", "named", "said"),
    [
        (SerialForm.PLAIN, "A345", "B567", "last_serial", "differs from the first serial"),
        (SerialForm.PLAIN, "A567", "A345", "last_serial", "below the first"),
        (SerialForm.PLAIN, "OAK-٣", "OAK-9", "first_serial", "digits 0 to 9"),
        (SerialForm.PLAIN, "OAK-1", "OAK-", "last_serial", "Give a serial of one credit of the form plain"),
        (SerialForm.PLAIN, "12", "15", "first_serial", "Give a serial of one credit of the form plain"),
        (SerialForm.NATIONAL, "CA0001-NG-CH-12-1-5-2024", "CA0001-NG-CH-12-9-9-2024", "first_serial", "a range of"),
        (SerialForm.NATIONAL, "CA0001-NG-CH-12-1-1-2024", "CA0001-NG-CH-12-5-9-2024", "last_serial", "a range of"),
        (SerialForm.NATIONAL, "CA0001-NG-CH-12-1-1-2024", "CA0001-NG-CH-12-9-9-2025", "last_serial", "differs from"),
        (SerialForm.GOLD_STANDARD, "GS1-1-KE-GS98-16-2019-778-1", "x", "first_serial",
         "such as GS1-1-KE-GS7496-16-2025-30646-608-608"),
        (SerialForm.KYOTO, "RW-5-1-2-2-0-7015", "RW-5-9-2-2-0-7016", "last_serial", "differs from the first serial"),
    ],
)  # fmt: skip
def test_two_serials_of_different_series_are_refused(form, first: str, last: str, named: str, said: str):
    code, message, path = refusal_of(read_pair, form, first, last)

    assert (code, path) == (Code.BAD_USER_INPUT, (named,))
    assert said in message


@pytest.mark.parametrize(
    ("prefix", "start", "named", "said"),
    [
        ("GS1-1-KE-GS98-16-2019-778-100", 1, "serial_prefix", "does not end in a digit"),
        ("GS1-1-KE-GS98-16-2019-778-100 ", 1, "serial_prefix", "does not end in a digit"),
        ("GS1-1-KE-GS98-16-2019-778-100\u200b", 1, "serial_prefix", "does not end in a digit"),
        ("GS1-1-KE-GS98-16-2019-778-1001-", 1001, "serial_prefix", "Give the serial form gold_standard"),
        ("CAR-1-US-1336-31-983-KS-2025-9206-1 to ", 1, "serial_prefix", "Give the serial form car"),
        ("RW-5-1463954-2-2-0-", 7015, "serial_prefix", "Give the serial form kyoto"),
        ("9801-1-2-VCU-3-VER-US-3-01012020-31122020-", 0, "serial_prefix", "Give the serial form verra"),
        ("9801-1-2-VCU-3-VER-US-3-01012020-", 9_999_999, "serial_prefix", "Give the serial form verra"),
        ("CA0001-NG-CH-12-1-500-", 999, "serial_prefix", "Give the serial form national"),
        ("CDC_8_1_1_321_14_CO_1_1, ", 1, "serial_prefix", "Give the serial form cercarbono"),
        ("OAK-5-OAK-", 9, "serial_prefix", "is a range of two serials"),
        ("OAK-", -1, "serial_start", "Give a number from 0"),
        ("OAK-", 10**18 - 5, "serial_start", "Give a number from 0"),
    ],
)
def test_a_prefix_that_reads_in_two_ways_is_refused(prefix: str, start: int, named: str, said: str):
    code, message, path = refusal_of(read_prefix, prefix, start, 10)

    assert (code, path) == (Code.BAD_USER_INPUT, (named,))
    assert said in message


@pytest.mark.parametrize("row", [row for row in ROWS if row.form is not SerialForm.PLAIN], ids=lambda row: row.number)
def test_no_form_reads_what_another_writes(row: Row):
    """A text of a registry is of one form, and the plain form leaves it to that one."""
    text = row.read().written()[0]
    readable = []
    for form in set(SerialForm) - {SerialForm.NONE}:
        try:
            read_range(form, text)
        except Refused:
            continue
        readable.append(form)

    assert readable == [row.form]


@pytest.mark.parametrize(
    ("issued_g", "tonnes"),
    [(99_000_000, "99"), (101_000_000, "101"), (99_999_999, "99.999999"), (100_000_001, "100.000001")],
)
def test_serials_are_as_many_as_the_tonnes_to_the_gram(issued_g: int, tonnes: str):
    block = by_number(40).read()

    refuse_unless_mass(block, 100_000_000)
    code, message, path = refusal_of(refuse_unless_mass, block, issued_g)
    assert (code, path) == (Code.BAD_USER_INPUT, ("mass",))
    assert f"1 to 100 are 100 credits of one tonne, but the batch has {tonnes} t" in message


def test_columns_are_for_series_and_two_numbers_alone():
    read = [SerialForm.CERCARBONO, "CDC_8_1_1_321_14_CO_1_1"]

    assert refusal_of(read_columns, *read, "1", "CDC_9")[1:] == (
        "Give only the number here, because the serial range names the series.",
        ("last_serial",),
    )
    assert refusal_of(read_columns, *read, "-1", "5")[2] == ("first_serial",)
    assert refusal_of(read_columns, *read, "5", "1")[2] == ("serial_range",)
    assert refusal_of(read_columns, SerialForm.PLAIN, "OAK-", "1", "5")[2] == ("serial_range",)


def test_a_batch_without_serials_has_a_reference_and_a_mass():
    batch = read_unnumbered("iss_1KN2H5FGZ1S0F1X1 ", 1_500_000)

    assert (batch.reference, batch.mass_g) == ("iss_1KN2H5FGZ1S0F1X1", 1_500_000)
    assert refusal_of(read_unnumbered, " ", 1)[2] == ("registry_reference",)
    assert refusal_of(read_unnumbered, "iss_1", 0)[::2] == (Code.QUANTITY_INVALID, ("mass",))
    assert read_unnumbered("iss_1", 1).mass_g == 1
