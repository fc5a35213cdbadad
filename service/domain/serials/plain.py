"""Refusal of plain serial numbers that can be read in more than one way."""

from itertools import product

from service.domain.serials.block import Layout, SerialBlock
from service.domain.serials.characters import canonical, fold
from service.domain.serials.forms import SerialForm
from service.domain.serials.overlap import series_key
from service.domain.serials.patterns import BETWEEN_SERIALS, RANGES, SERIALS
from service.errors import Code, Refused


def refuse_ambiguous(block: SerialBlock, path: tuple[str | int, ...]) -> None:
    """Refuse a plain block of which a text could be read in another way: as part of a longer number, as a serial of a
    registry's own form, or as a range.
    """
    if block.form is not SerialForm.PLAIN:
        return
    prefix = canonical(block.prefix)
    if not any(character.isalnum() for character in prefix):
        raise Refused(Code.BAD_USER_INPUT, "Give a prefix with a letter or digit that names the series.", path)
    if prefix[-1].isdigit():
        message = (
            "Give a prefix that does not end in a digit, because the number of a credit is the whole run of "
            "digits. If the registry writes serials otherwise, give the serial form."
        )
        raise Refused(Code.BAD_USER_INPUT, message, path)
    for text in _samples(block):
        form = next((form for form in SerialForm if form is not SerialForm.PLAIN and _is_of(form, text)), None)
        if form is not None:
            message = f"This serial has the form {form}. Give the serial form {form} and the whole serial range."
            raise Refused(Code.BAD_USER_INPUT, message, path)
        if block.layout is not Layout.TWICE and _twice_prefix(text):
            message = "This text is a range of two serials. Give it as the serial range."
            raise Refused(Code.BAD_USER_INPUT, message, path)


def _samples(block: SerialBlock) -> list[str]:
    """Return folded texts of the block, one for each count of digits that its numbers have, or for each pair of counts
    if a text contains two numbers; the patterns depend on nothing else of the numbers.
    """
    least, most = max(block.width, len(str(block.first))), max(block.width, len(str(block.last)))
    numbers = ["1" * count for count in range(least, most + 1)]
    prefix, joiner = fold(block.prefix), fold(block.joiner)
    match block.layout:
        case Layout.RANGE:
            return [f"{prefix}{first}{joiner}{last}" for first, last in product(numbers, repeat=2)]
        case Layout.TWICE:
            return [f"{prefix}{first}{joiner}{prefix}{last}" for first, last in product(numbers, repeat=2)]
        case Layout.PAIR:
            return [f"{prefix}{number}" for number in numbers]


def _is_of(form: SerialForm, folded: str) -> bool:
    if any(pattern.fullmatch(folded) for pattern in (*RANGES.get(form, ()), *SERIALS.get(form, ()))):
        return True
    return any(
        pattern.fullmatch(folded[: between.start()]) and pattern.fullmatch(folded[between.end() :])
        for pattern in SERIALS.get(form, ())
        for between in BETWEEN_SERIALS.finditer(folded)
    )


def _twice_prefix(folded: str) -> bool:
    (pattern,) = SERIALS[SerialForm.PLAIN]
    for between in BETWEEN_SERIALS.finditer(folded):
        one, other = pattern.fullmatch(folded[: between.start()]), pattern.fullmatch(folded[between.end() :])
        if one and other and series_key(one["prefix"], "") == series_key(other["prefix"], ""):
            return True
    return False
