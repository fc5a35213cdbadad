"""Two batches that claim the same credit of a registry, however their serials are spelt."""

import pytest

from service.domain.serials.block import SerialBlock, UnnumberedBatch, legacy_block
from service.domain.serials.forms import SerialForm
from service.domain.serials.overlap import Claim, claims, lookup_keys, overlap, range_reading, series_key
from service.domain.serials.reading import read_columns, read_pair, read_prefix, read_range, read_unnumbered
from tests.domain.serial_rows import ROWS, by_number

GS = "GS1-1-KE-GS98-16-2019-778-"
PASTED = GS.lower().replace("8-", "8\u200b\u2013")


def altered(number: int, before: str, after: str) -> SerialBlock:
    """A row with a piece of its text replaced."""
    row = by_number(number)
    assert before in row.text
    return read_range(row.form, row.text.replace(before, after))


def plain(first: str, last: str) -> SerialBlock:
    return read_pair(SerialForm.PLAIN, first, last)


def one(form: SerialForm, serial: str) -> SerialBlock:
    return read_pair(form, serial, serial)


PUBLISHED = [
    ("1", 10, lambda: legacy_block(f"{GS}100", 1, 1_000_000), True),
    ("2", 1, lambda: read_range(SerialForm.VERRA, by_number(1).text.lower().replace("-", "\u2013") + " "), True),
    ("3", 13, lambda: altered(13, "1 to 5000", "4000-4100"), True),
    ("4", 1, lambda: altered(1, "31122019-0", "31122019-1"), True),
    ("5", 5, lambda: altered(5, "31122018-O", "31122018-0"), True),
    ("6", 3, lambda: altered(3, "-VCU-", "-VCS-VCU-"), True),
    ("7", 2, lambda: read_range(SerialForm.VERRA, "1-1-100-VCS-VCU-3-VER-US-3-01012020-31122020-1"), True),
    ("8", 7, lambda: altered(7, "-30646-", "-30647-"), False),
    ("9", 28, lambda: altered(28, "055a3fbe-", "055a3fbf-"), False),
    ("10", 28, lambda: read_range(SerialForm.PURO, "055a3fbe-eabc-4535-b9cf-1028e7d18f80_50-60"), True),
    ("11", 11, lambda: one(SerialForm.KYOTO, "RW-5-1467610-2-2-0-7015"), True),
    ("11, another country", 11, lambda: one(SerialForm.KYOTO, "UG-5-1467610-2-2-0-7015"), False),
    ("12", 30, lambda: altered(30, "643002406555908611", "643002406555908612"), False),
    ("13", 25, lambda: read_columns(SerialForm.CERCARBONO, "CDC_8_1_1_321_14_CO_1_1_2010", "294000", "295999"), False),
    ("14", 32, lambda: altered(32, "-MER-1-P", "-MER-1-A"), True),
    ("15", 1, lambda: altered(1, "122000101-122000200", "122000201-122000300"), False),
]

MORE = [
    ("the last number", 1, lambda: altered(1, "122000101-122000200", "122000200-122000300"), True),
    ("the number before the first", 1, lambda: altered(1, "122000101-122000200", "122000001-122000100"), False),
    ("the whole inside", 13, lambda: altered(13, "1 to 5000", "0 to 9000"), True),
    ("another vintage", 10, lambda: altered(10, "-2019-", "-2018-"), False),
    ("another monitoring period", 1, lambda: altered(1, "31122019", "30122019"), False),
    ("full-width letters", 10, lambda: altered(10, "GS98", "\uff27\uff3398"), True),
    ("a soft hyphen", 10, lambda: altered(10, "GS98", "G\u00adS98"), True),
    ("blanks", 10, lambda: altered(10, "-778-", " - 778 - "), True),
    ("a plain batch", 10, lambda: read_prefix(GS, 2000, 1), True),
    ("a plain batch behind", 10, lambda: read_prefix(GS, 2001, 1), False),
    ("a cut in the number", 10, lambda: legacy_block(f"{GS}200", 0, 1_000_000), True),
    ("a cut that prints fewer digits", 10, lambda: legacy_block(f"{GS}20", 0, 10_000_000), False),
    ("a cut that gains a digit", 10, lambda: legacy_block(f"{GS}19", 0, 11_000_000), True),
    ("a cut that prints other numbers", 10, lambda: legacy_block(f"{GS}20", 1, 9_000_000), False),
    ("a cut that grows into the range", 10, lambda: legacy_block(f"{GS}1", 99, 2_000_000), True),
    ("a cut with a zero", 10, lambda: legacy_block(f"{GS}0", 1500, 1_000_000), True),
    ("a cut behind a blank", 10, lambda: legacy_block(f"{GS}100 ", 1, 1_000_000), True),
    ("an old prefix with pasted signs", 10, lambda: legacy_block(PASTED, 1001, 1), True),
    ("a cut of a Puro serial of 30 digits", 30, lambda: legacy_block("643002406555908611000000", 140219, 1), True),
    ("a cut of another plant", 30, lambda: legacy_block("643002406555908612000000", 140219, 1), False),
    ("a series with underscore for comma", 25, lambda: read_prefix("CDC_8_1_1_321_14_CO_1_1_", 295999, 1), True),
    ("the buffer of a series", 25, lambda: altered(25, "CO_1_1", "CO_1_1_BF"), False),
    ("a range in one credit's text", 10, lambda: legacy_block(f"{GS}1001-", 1002, 1_000_000), True),
    ("a text that is no range of the row", 10, lambda: legacy_block(f"{GS}1001-", 1, 5_000_000), False),
    ("a plain range in one credit's text", 40, lambda: plain("WCC-77-5-1", "WCC-77-5-9"), True),
    ("one credit's text behind the range", 40, lambda: plain("WCC-77-101-1", "WCC-77-101-9"), False),
    ("a to without blanks", 40, lambda: plain("WCC-77-5to6", "WCC-77-5to7"), True),
    ("two whole serials", 40, lambda: read_range(SerialForm.PLAIN, "WCC-77-100 - WCC-77-105"), True),
    ("a number in another unit", 11, lambda: one(SerialForm.KYOTO, "RW-6-1467610-2-2-0-7015"), False),
    ("verified units of a pending series", 33, lambda: altered(33, "WCU", "PIU"), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "other", "expected"), [case[1:] for case in PUBLISHED + MORE], ids=[case[0] for case in PUBLISHED + MORE]
)
def test_batches_overlap_if_a_credit_is_in_both(number: int, other, expected: bool):
    row, batch = by_number(number).read(), other()

    assert overlap(row, batch) is expected
    assert overlap(batch, row) is expected
    assert not expected or set(lookup_keys(row)) & set(lookup_keys(batch))


def test_every_row_overlaps_itself_and_no_other():
    blocks = {row.number: row.read() for row in ROWS}

    pairs = {(a, b) for a, one in blocks.items() for b, other in blocks.items() if overlap(one, other)}
    assert pairs == {(number, number) for number in blocks}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_the_parts_of_a_row_overlap_it_and_not_each_other(row):
    block = row.read()
    half = block.tonnes // 2
    parts = [block.part(start, stop) for start, stop in ((0, half), (half, block.tonnes)) if start < stop]

    assert all(overlap(block, part) for part in parts)
    assert len(parts) == 1 or not overlap(*parts)


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (1, "9801-#-VCU-1491-VER-IN-1-612-1012019-31122019"),
        (2, "1-#-VCU-3-VER-US-3-1012020-31122020"),
        (10, "GS1-1-KE-GS98-16-2019-778-#"),
        (11, "RW-5-#-2-2-0-7015"),
        (13, "CAR-1-US-1336-31-983-KS-2025-9206-#"),
        (22, "BCR-CO-262-14-1-2-2101-2112-#"),
        (25, "CDC_8_1_1_321_14_CO_1_1#"),
        (28, "055A3FBE-EABC-4535-B9CF-1028E7D18F80#"),
        (30, "643002406555908611#"),
        (32, "CFS-VER-AR-100000000000391-1012017-31122017-#-MER-1"),
        (36, "CA1-NG-CH-12-#-2024"),
        (39, "OAK-#"),
    ],
)
def test_keys_are_stored_and_never_change(number: int, key: str):
    block = by_number(number).read()

    assert claims(block) == (Claim(key, block.first, block.last),)
    assert lookup_keys(block)[-1] == key


def test_two_uuids_stay_two_without_their_zeros():
    assert series_key("a01b02cd-0000-4000-8000-000000000000_", "") != series_key(
        "a001b2cd-0000-4000-8000-000000000000_", ""
    )


def test_a_prefix_that_ends_in_a_digit_claims_whole_runs_of_digits():
    batch = legacy_block(f"{GS}10", 8, 95_000_000)

    assert claims(batch) == (Claim(f"{GS}#", 108, 109), Claim(f"{GS}#", 1010, 1099), Claim(f"{GS}#", 10100, 10102))
    assert batch.tonnes == sum(claim.last - claim.first + 1 for claim in claims(batch))


def test_a_number_behind_a_number_and_a_dash_meets_the_ranges_that_read_alike():
    batch = plain("OAK-5-1", "OAK-5-9")

    assert range_reading(batch) == Claim("OAK-#", 5, 9)
    assert lookup_keys(batch) == ("OAK-#", "OAK-5-#")
    assert range_reading(plain("OAK-5-1", "OAK-5-4")) is None
    assert range_reading(plain("OAK-1", "OAK-9")) is None
    assert range_reading(by_number(40).read()) is None


def test_single_credits_of_nested_series_are_different():
    """OAK-5 and OAK-5-1 are two serials; only a range OAK-5-9 could be taken for one."""
    assert not overlap(plain("OAK-5-1", "OAK-5-9"), plain("OAK-1", "OAK-9"))


def test_a_reference_is_received_once():
    batch = read_unnumbered("iss_1KN2H5FGZ1S0F1X1", 1_500_000)

    assert overlap(batch, UnnumberedBatch("ISS_1KN2H5FGZ1S0F1X1 ", 1))
    assert not overlap(batch, UnnumberedBatch("iss_1KN2H5FGZ1S0F1X2", 1_500_000))
    assert not overlap(batch, by_number(39).read())
    assert not overlap(by_number(40).read(), batch)
