"""Parser of serial numbers that an operator states, for a form that is known.

Paths of refusals name the members `serial_form`, `serial_range`, `first_serial`, `last_serial`, `serial_prefix`,
`serial_start` and `tonnes`; the APIs spell them in their own way.
"""

import re

from service.domain.amounts import GRAMS_PER_TONNE, MassUnit, mass_text
from service.domain.serials.block import NUMBER_MAX, Layout, SerialBlock, UnnumberedBatch
from service.domain.serials.characters import SERIAL_LENGTH_MAX, clean, fold
from service.domain.serials.facts import facts_of
from service.domain.serials.forms import SerialForm
from service.domain.serials.overlap import series_key
from service.domain.serials.patterns import BETWEEN_SERIALS, PLAIN_RANGE, RANGES, SERIALS
from service.domain.serials.plain import refuse_ambiguous
from service.errors import Code, Refused

EXAMPLES: dict[SerialForm, str] = {
    SerialForm.PLAIN: "OAK-1-100",
    SerialForm.VERRA: "9801-122000101-122000200-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0",
    SerialForm.GOLD_STANDARD: "GS1-1-KE-GS7496-16-2025-30646-608-30350",
    SerialForm.CAR: "CAR-1-US-1336-31-983-KS-2025-9206-1 to 5000",
    SerialForm.ACR: "ACR-FR-1130-2025-2918-30932 to 35143",
    SerialForm.ART: "ART-GY-103-2021-11-2759599 to 2760598",
    SerialForm.BIOCARBON: "BCR-CO-262-14-001-2-2101-2112-0267454-0276278",
    SerialForm.CERCARBONO: "CDC_8_1_1_321_14_CO_1_1, 294000, 295999",
    SerialForm.PURO: "PURO_PR_CORC100+_FI_577167_2020_055a3fbe-eabc-4535-b9cf-1028e7d18f80_1-100",
    SerialForm.MARKIT: "CFS-VER-AR-100000000000391-01012017-31122017-1028-5885-MER-1-P",
    SerialForm.ERS: "ERS-1-12-BR-VRU-2024-1-1-500",
    SerialForm.KYOTO: "RW-5-1463954-2-2-0-7015 - RW-5-1467610-2-2-0-7015",
    SerialForm.NATIONAL: "CA0001-NG-CH-12-1-500-2024",
}
"""A range of each form, for messages and documentation."""


def read_serials(
    form: SerialForm,
    *,
    serial_range: str | None = None,
    first_serial: str | None = None,
    last_serial: str | None = None,
) -> SerialBlock:
    """Return the block that an operator states: as a range, as its first and last serial, or as the three columns of
    Cercarbono, where `serial_range` is the series. Refuses `BAD_USER_INPUT` for any other combination, and as
    `read_range` and `read_pair`.
    """
    if serial_range is not None and first_serial is None and last_serial is None:
        return read_range(form, serial_range)
    if serial_range is None and first_serial is not None and last_serial is not None:
        return read_pair(form, first_serial, last_serial)
    if serial_range is not None and first_serial is not None and last_serial is not None:
        return read_columns(form, serial_range, first_serial, last_serial)
    missing = "first_serial" if last_serial is not None else "last_serial" if first_serial is not None else None
    message = "Give the serial range, or both the first and the last serial."
    raise Refused(Code.BAD_USER_INPUT, message, (missing or "serial_range",))


def read_range(form: SerialForm, text: str) -> SerialBlock:
    """Return the block that one text states. Refuses `BAD_USER_INPUT` for a text of another form, for two serials that
    differ in more than the number, for a last number below the first, and for an impossible period.
    """
    path = ("serial_range",)
    _refuse_unnumbered(form, path)
    received = clean(text, *path)
    folded = fold(received)
    for pattern in RANGES.get(form, ()):
        if found := pattern.fullmatch(folded):
            return _range(form, received, found)
    block, unlike = _twice(form, received, folded)
    if block is not None:
        return block
    if form is SerialForm.PLAIN and (found := PLAIN_RANGE.fullmatch(folded)):
        return _range(form, received, found)
    if unlike:
        message = "The two serials differ in the text around the number. Give a range of one series."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    raise _other_form(form, "range", EXAMPLES[form], path)


def read_pair(form: SerialForm, first_text: str, last_text: str) -> SerialBlock:
    """Return the block from the serial of its first credit to that of its last. Where the registry writes one credit as
    a range of equal numbers, the operator gives both serials in this form. Refuses as `read_range`.
    """
    _refuse_unnumbered(form, ("first_serial",))
    first, last = (
        clean(text, path, length_max=SERIAL_LENGTH_MAX)
        for text, path in ((first_text, "first_serial"), (last_text, "last_serial"))
    )
    for pattern in SERIALS.get(form, ()):
        one, other = pattern.fullmatch(fold(first)), pattern.fullmatch(fold(last))
        if one and other:
            return _pair(form, first, (one, "number"), (other, "number"))
    for pattern in RANGES.get(form, ()):
        one, other = pattern.fullmatch(fold(first)), pattern.fullmatch(fold(last))
        if one and other:
            for found, name in ((one, "first_serial"), (other, "last_serial")):
                if int(found["first"]) != int(found["last"]):
                    message = (
                        "This is a range of credits. Give the serial of one credit here, or only the serial range."
                    )
                    raise Refused(Code.BAD_USER_INPUT, message, (name,))
            return _pair(form, first, (one, "first"), (other, "last"))
    name = "last_serial" if _is_serial(form, first) else "first_serial"
    raise _other_form(form, "serial of one credit", _example_of_one(form), (name,))


def read_columns(form: SerialForm, series: str, first: str, last: str) -> SerialBlock:
    """Return the block of a registry such as Cercarbono, which has separate columns for series, first and last number.
    It is printed as one text, separated by ", ".
    """
    if form is not SerialForm.CERCARBONO:
        message = "Give either the serial range, or the first and the last serial. Only cercarbono has all three."
        raise Refused(Code.BAD_USER_INPUT, message, ("serial_range",))
    columns = [clean(text, name) for text, name in ((first, "first_serial"), (last, "last_serial"))]
    for column, name in zip(columns, ("first_serial", "last_serial"), strict=True):
        if not re.fullmatch("[0-9]+", column):
            raise Refused(
                Code.BAD_USER_INPUT, "Give only the number here, because the serial range names the series.", (name,)
            )
    return read_range(form, ", ".join([clean(series, "serial_range"), *columns]))


def read_prefix(serial_prefix: str, serial_start: int, tonnes: int) -> SerialBlock:
    """Return the plain block that starts at a number after a prefix. This is the older way to state serials. Refuses
    `BAD_USER_INPUT` for a prefix that ends in a digit: prefix 778-100 and number 1 is credit 1001 of prefix 778-.
    """
    path = ("serial_prefix",)
    prefix = clean(serial_prefix, *path, length_max=SERIAL_LENGTH_MAX)
    if not 0 <= serial_start <= serial_start + tonnes - 1 <= NUMBER_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give a number from 0 to {NUMBER_MAX}.", ("serial_start",))
    block = SerialBlock(
        form=SerialForm.PLAIN,
        layout=Layout.PAIR,
        prefix=prefix,
        joiner="",
        suffix="",
        first=serial_start,
        last=serial_start + tonnes - 1,
    )
    refuse_ambiguous(block, path)
    return block


def read_unnumbered(reference: str, mass_g: int) -> UnnumberedBatch:
    """Return the batch of a registry that numbers no credits. Refuses `BAD_USER_INPUT` without a reference and
    `QUANTITY_INVALID` without a mass.
    """
    received = clean(reference, "registry_reference", length_max=SERIAL_LENGTH_MAX)
    if mass_g <= 0:
        raise Refused(Code.QUANTITY_INVALID, "Give a mass above zero for the batch.", ("mass",))
    return UnnumberedBatch(received, mass_g)


def refuse_unless_mass(block: SerialBlock, issued_g: int) -> None:
    """Refuse `BAD_USER_INPUT` unless the number of serials, one tonne each, equals the mass in grams."""
    if block.tonnes * GRAMS_PER_TONNE != issued_g:
        message = (
            f"The serials {block.first} to {block.last} are {block.tonnes} credits of one tonne, but the batch "
            f"has {mass_text(issued_g, MassUnit.TONNE)} t. Correct the mass or the serials."
        )
        raise Refused(Code.BAD_USER_INPUT, message, ("mass",))


def _range(form: SerialForm, received: str, found: re.Match[str]) -> SerialBlock:
    path = ("serial_range",)
    first, last, width = _numbers(found["first"], found["last"], path)
    block = SerialBlock(
        form=form,
        layout=Layout.RANGE,
        prefix=_received(received, found, "prefix"),
        joiner=_received(received, found, "joiner"),
        suffix=_received(received, found, "suffix"),
        first=first,
        last=last,
        width=width,
    )
    return _checked(block, path)


def _twice(form: SerialForm, received: str, folded: str) -> tuple[SerialBlock | None, bool]:
    """Return the block of two whole serials, or None, and True if two serials were found whose texts around the numbers
    differ.
    """
    unlike = False
    for pattern in SERIALS.get(form, ()):
        for between in BETWEEN_SERIALS.finditer(folded):
            one, other = pattern.fullmatch(folded[: between.start()]), pattern.fullmatch(folded[between.end() :])
            if not (one and other):
                continue
            if _key(one) != _key(other):
                unlike = True
                continue
            path = ("serial_range",)
            first, last, width = _numbers(one["number"], other["number"], path)
            block = SerialBlock(
                form=form,
                layout=Layout.TWICE,
                prefix=_received(received, one, "prefix"),
                joiner=received[between.start() : between.end()],
                suffix=_received(received, one, "suffix"),
                first=first,
                last=last,
                width=width,
            )
            return _checked(block, path), False
    return None, unlike


def _pair(
    form: SerialForm, first_text: str, one: tuple[re.Match[str], str], other: tuple[re.Match[str], str]
) -> SerialBlock:
    path = ("last_serial",)
    if _key(one[0]) != _key(other[0]):
        message = (
            "This serial differs from the first serial in the text around the number. Give two serials of one series."
        )
        raise Refused(Code.BAD_USER_INPUT, message, path)
    first, last, width = _numbers(one[0][one[1]], other[0][other[1]], path)
    block = SerialBlock(
        form=form,
        layout=Layout.PAIR,
        prefix=_received(first_text, one[0], "prefix"),
        joiner=_received(first_text, one[0], "joiner") if "joiner" in one[0].groupdict() else "",
        suffix=_received(first_text, one[0], "suffix"),
        first=first,
        last=last,
        width=width,
    )
    return _checked(block, ("first_serial",))


def _numbers(first: str, last: str, path: tuple[str | int, ...]) -> tuple[int, int, int]:
    """Return the two numbers and the width to which they are padded with zeros."""
    if max(len(first), len(last)) > len(str(NUMBER_MAX)):
        message = f"A serial number has at most {len(str(NUMBER_MAX))} digits. Check the form of the serial."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    if int(last) < int(first):
        message = f"The last number {last} is below the first one, {first}. Give the lower one first."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    width = len(first) if _is_padded(first) else 1
    if str(int(last)).zfill(width) != last:
        message = f"Write both numbers with the same leading zeros, not {first} and {last}."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    return int(first), int(last), width


def _is_padded(digits: str) -> bool:
    return len(digits) > 1 and digits.startswith("0")


def _checked(block: SerialBlock, path: tuple[str | int, ...]) -> SerialBlock:
    refuse_ambiguous(block, path)
    try:
        facts_of(block)
    except ValueError as error:
        raise Refused(Code.BAD_USER_INPUT, f"{error} Compare the serial with the registry's page.", path) from None
    return block


def _is_serial(form: SerialForm, received: str) -> bool:
    patterns = (*SERIALS.get(form, ()), *RANGES.get(form, ()))
    return any(pattern.fullmatch(fold(received)) for pattern in patterns)


def _key(found: re.Match[str]) -> str:
    return series_key(found["prefix"], found["suffix"])


def _received(received: str, found: re.Match[str], group: str) -> str:
    start, end = found.span(group)
    return received[start:end]


def _example_of_one(form: SerialForm) -> str:
    block = read_range(form, EXAMPLES[form])
    return block.credit(block.first)


def _refuse_unnumbered(form: SerialForm, path: tuple[str | int, ...]) -> None:
    if form is SerialForm.NONE:
        message = (
            "The registry does not number credits. Leave the serials out, and give the registry's reference and "
            "the mass."
        )
        raise Refused(Code.BAD_USER_INPUT, message, path)


def _other_form(form: SerialForm, noun: str, example: str, path: tuple[str | int, ...]) -> Refused:
    message = f"Give a {noun} of the form {form}, such as {example}. For another form, give the serial form."
    return Refused(Code.BAD_USER_INPUT, message, path)
