"""A block of serial numbers in parts: the first and last number, and the texts around them as they were received."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from service.domain.mass_units import GRAMS_PER_TONNE
from service.domain.serials.forms import SerialForm

NUMBER_MAX = 10**18 - 1
"""The largest number of 18 digits; it fits into 64 bits."""


class Layout(StrEnum):
    """Arrangement of the parts in a written block. The values are stored and never change."""

    RANGE = "range"
    """One text with both numbers: `prefix first joiner last suffix`."""
    TWICE = "twice"
    """One text with two whole serials: `prefix first suffix joiner prefix last suffix`."""
    PAIR = "pair"
    """Two texts, the serials of the first and of the last credit. With a joiner each serial contains its number
    twice.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialBlock:
    """The serial numbers `first` to `last`, both counted; each stands for one tonne.

    `prefix`, `joiner` and `suffix` are printed as received. Numbers are printed with at least `width` digits.
    """

    form: SerialForm
    layout: Layout
    prefix: str
    joiner: str
    suffix: str
    first: int
    last: int
    width: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last:
            raise ValueError("Give a last serial number that is not below the first one.")

    @property
    def tonnes(self) -> int:
        return self.last - self.first + 1

    def part(self, start: int, stop: int) -> "SerialBlock":
        """Return the tonnes [start, stop) of the block, counted from 0. Raises `ValueError` if they are not in the
        block.
        """
        if not 0 <= start < stop <= self.tonnes:
            raise ValueError("A part of a block holds at least one of its tonnes and no other.")
        return replace(self, first=self.first + start, last=self.first + stop - 1)

    def touched(self, start_g: int, end_g: int) -> "SerialBlock":
        """Return the serials of the credits that the grams [start_g, end_g) touch. The outermost credits may be touched
        in part only.
        """
        return self.part(start_g // GRAMS_PER_TONNE, -(-end_g // GRAMS_PER_TONNE))

    def written(self) -> tuple[str, ...]:
        """Return the block as it was received: one text, or the two serials of a pair. A block of one credit has its
        number twice, as in `328-328` and `1 to 1`.
        """
        first, last = self._digits(self.first), self._digits(self.last)
        match self.layout:
            case Layout.RANGE:
                return (f"{self.prefix}{first}{self.joiner}{last}{self.suffix}",)
            case Layout.TWICE:
                return (f"{self._whole(first)}{self.joiner}{self._whole(last)}",)
            case Layout.PAIR:
                return (self.credit(self.first), self.credit(self.last))

    def credit(self, number: int) -> str:
        """Return the serial of one credit as the registry writes it."""
        digits = self._digits(number)
        has_number_twice = self.joiner and self.layout is not Layout.TWICE
        return self._whole(f"{digits}{self.joiner}{digits}" if has_number_twice else digits)

    def credits(self) -> Iterator[str]:
        """Yield the serial of each credit, in ascending order."""
        return (self.credit(number) for number in range(self.first, self.last + 1))

    def _digits(self, number: int) -> str:
        return str(number).zfill(self.width)

    def _whole(self, digits: str) -> str:
        return f"{self.prefix}{digits}{self.suffix}"


@dataclass(frozen=True, slots=True)
class UnnumberedBatch:
    """Credits of a registry that writes no serial numbers: its reference for them, and their mass."""

    reference: str
    mass_g: int

    def __post_init__(self) -> None:
        if self.mass_g <= 0:
            raise ValueError("Give a mass above zero for the batch.")


def legacy_block(serial_prefix: str, serial_start: int, issued_g: int) -> SerialBlock:
    """Return the block of a batch that was received before forms existed: any prefix, directly followed by the number;
    the last credit may be incomplete. It is printed as before.
    """
    return SerialBlock(
        form=SerialForm.PLAIN,
        layout=Layout.PAIR,
        prefix=serial_prefix,
        joiner="",
        suffix="",
        first=serial_start,
        last=serial_start - (-issued_g // GRAMS_PER_TONNE) - 1,
    )
