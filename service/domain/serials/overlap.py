"""Overlap of serial numbers: two blocks contain the same credit if their keys are equal and their number ranges
intersect.

Keys are made of canonical text without the credit's number, so that credits received twice are found whatever the
spelling, the padding, or the point where the prefix was cut off. Keys are stored: a change of their form needs a
migration.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.domain.serials.block import NUMBER_MAX, Layout, SerialBlock, UnnumberedBatch
from service.domain.serials.characters import canonical, without_leading_zeros
from service.domain.serials.forms import SerialForm

_NUMBER = "#"
"""Placeholder for the numbers in a key."""
_UNNUMBERED = "REFERENCE "
"""Start of the key of a batch without serial numbers. Keys of serials contain no blanks, so the two cannot be equal."""

_PURO = re.compile(r"(?:PURO_.*_)?([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})_")
_CERCARBONO = re.compile(r"(CDC_.*?)[_,;|-]*")
_VERRA = re.compile(r"-(?:VCS-)?(VCU-.*-[0-9]{7,8}-[0-9]{7,8})(?:-[A-Z0-9])?")
_MARKIT = re.compile(r"(-MER-[0-9]+)-[AP]")
_ENDS_IN_DIGITS = re.compile(r"(.*?)([0-9]+)")
_ENDS_IN_JOINED_NUMBER = re.compile(r"(.*[^0-9])([0-9]+)(?:-|TO)")
_GSRN_DIGITS, _PURO_DIGITS = 18, 30
_KEY_LENGTH_MAX = 500
"""Maximum length of a key in characters; a longer one, of serials from before forms existed, is replaced by its
SHA-256, because an index entry of PostgreSQL is limited.
"""


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """The credits with the numbers `first` to `last` in the series of the key."""

    key: str
    first: int
    last: int

    def meets(self, other: "Claim") -> bool:
        return self.key == other.key and self.first <= other.last and other.first <= self.last


def series_key(prefix: str, suffix: str) -> str:
    """Return the key of the series whose serials have these texts around the number.

    The key leaves out parts that may differ between two texts for the same credit: Verra's `VCS-` and the flag for
    further labels, Markit's mark for ex ante, all but the uuid of a Puro serial, the separator behind a Cercarbono
    series.
    """
    before, after = canonical(prefix), canonical(suffix)
    if found := _PURO.fullmatch(before):
        return found[1] + _NUMBER  # kept with leading zeros, because without them two UUIDs could become equal
    if found := _CERCARBONO.fullmatch(before):
        before = found[1]
    if found := _VERRA.fullmatch(after):
        after = f"-{found[1]}"
    elif found := _MARKIT.fullmatch(after):
        after = found[1]
    key = without_leading_zeros(before) + _NUMBER + without_leading_zeros(after)
    return key if len(key) <= _KEY_LENGTH_MAX else f"SHA256 {hashlib.sha256(key.encode()).hexdigest()}"


def claims(batch: SerialBlock | UnnumberedBatch) -> tuple[Claim, ...]:
    """Return the credits that a batch stands for: one claim, or several where the prefix of a batch from before forms
    ends in a digit. Then the number of a credit is the whole run of digits: prefix 778-100 and number 1 is 1001. A run
    longer than any new number is claimed by the number after its prefix, because no batch received later can overlap
    it.
    """
    if isinstance(batch, UnnumberedBatch):
        return (Claim(_UNNUMBERED + canonical(batch.reference), 0, 0),)
    found = _ENDS_IN_DIGITS.fullmatch(canonical(batch.prefix)) if batch.form is SerialForm.PLAIN else None
    if found is None:
        return (Claim(series_key(batch.prefix, batch.suffix), batch.first, batch.last),)
    return tuple(_whole_runs(found[1], found[2], batch))


def range_reading(batch: SerialBlock | UnnumberedBatch) -> Claim | None:
    """Return the credits of another series whose text, as a range, equals the text of a single credit of this batch;
    None if there are none.

    The credit 9 with the prefix "OAK-5-" is printed as OAK-5-9, and so is the range of the credits 5 to 9 of a batch
    OAK-1-100.
    """
    if isinstance(batch, UnnumberedBatch) or batch.form is not SerialForm.PLAIN or batch.layout is Layout.RANGE:
        return None
    prefix = canonical(batch.prefix).rstrip("0123456789")
    found = _ENDS_IN_JOINED_NUMBER.fullmatch(prefix)
    if found is None:
        return None
    first, last = int(found[2]), max(claim.last for claim in claims(batch))
    return Claim(series_key(found[1], ""), first, last) if first <= last else None


def overlap(one: SerialBlock | UnnumberedBatch, other: SerialBlock | UnnumberedBatch) -> bool:
    """Return True if both batches contain the same credit, or if different credits of them would be printed with the
    same text.
    """
    if any(mine.meets(theirs) for mine in claims(one) for theirs in claims(other)):
        return True
    return _reads_as(one, other) or _reads_as(other, one)


def lookup_keys(batch: SerialBlock | UnnumberedBatch) -> tuple[str, ...]:
    """Return the keys under which all batches that may overlap this one are stored, ascending. They are locked while it
    is received.
    """
    reading = range_reading(batch)
    return tuple(sorted({claim.key for claim in (*claims(batch), *([reading] if reading else []))}))


def _reads_as(one: SerialBlock | UnnumberedBatch, other: SerialBlock | UnnumberedBatch) -> bool:
    if isinstance(other, UnnumberedBatch) or other.layout is not Layout.RANGE:
        return False
    reading = range_reading(one)
    return reading is not None and any(reading.meets(claim) for claim in claims(other))


def _whole_runs(prefix: str, digits: str, block: SerialBlock) -> Iterator[Claim]:
    """Yield the claims of a block whose numbers directly follow digits: one claim for each count of digits."""
    for count in range(max(block.width, len(str(block.first))), max(block.width, len(str(block.last))) + 1):
        least = 0 if count <= block.width else 10 ** (count - 1)
        numbers = (max(block.first, least), min(block.last, 10**count - 1))
        series, rest = prefix, digits
        if not prefix and len(digits) >= _GSRN_DIGITS and len(digits) + count == _PURO_DIGITS:
            # an old Puro serial, whose first 18 digits identify the plant
            series, rest = digits[:_GSRN_DIGITS], digits[_GSRN_DIGITS:]
        first, last = (int(rest + str(number).zfill(count)) for number in numbers)
        if last <= NUMBER_MAX:
            yield Claim(series_key(series, ""), first, last)
        else:
            yield Claim(series_key(prefix + digits, ""), *numbers)
