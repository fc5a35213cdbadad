"""Facts about credits that their serial numbers state: monitoring period, vintage year, ex ante and pending units."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.domain.serials.block import SerialBlock
from service.domain.serials.characters import fold
from service.domain.serials.forms import SerialForm
from service.domain.serials.patterns import RANGES


class CreditStatus(StrEnum):
    """Stage of a credit. Only issued credits stand for emissions that were avoided or removed."""

    ISSUED = "issued"
    EX_ANTE = "ex_ante"
    """Units issued for emission reductions that are expected in the future."""
    PENDING = "pending"
    """Units that were promised before verification; no registry retires them."""


_PENDING_UNITS = frozenset({"PIU"})
_EX_ANTE_MARK = "A"
_FIRST_CENTURY_YEAR = 70
"""Years of two digits from 70 on are of the twentieth century."""


@dataclass(frozen=True, slots=True)
class SerialFacts:
    """Facts that a serial states of its credits. `vintage` is set if the serial has a year but no period."""

    period_from: date | None = None
    period_to: date | None = None
    vintage: int | None = None
    status: CreditStatus = CreditStatus.ISSUED


def facts_of(block: SerialBlock) -> SerialFacts:
    """Return the facts that the serials of the block state. Raises `ValueError` for invalid dates and for a period that
    ends before it begins.
    """
    text = fold(block.written()[0])
    found = next((match for pattern in RANGES.get(block.form, ()) if (match := pattern.fullmatch(text))), None)
    if found is None:
        return SerialFacts()
    stated = found.groupdict()
    period_from, period_to = _period(block.form, stated)
    return SerialFacts(period_from, period_to, int(stated["year"]) if stated.get("year") else None, _status(stated))


def _period(form: SerialForm, stated: dict[str, str | None]) -> tuple[date | None, date | None]:
    first, last = stated.get("period_from"), stated.get("period_to")
    if first is None or last is None:
        return None, None
    if form is SerialForm.BIOCARBON:
        period_from, period_to = _month(first), _month(last)
        period_to = period_to.replace(day=monthrange(period_to.year, period_to.month)[1])
    else:
        period_from, period_to = _day(first), _day(last)
    if period_to < period_from:
        raise ValueError(f"The period from {first} to {last} ends before it begins.")
    return period_from, period_to


def _day(text: str) -> date:
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        raise ValueError(f"{text} is no date. Give day, month and year, such as 31122019.") from None


def _month(text: str) -> date:
    year = int(text[:2])
    try:
        return date((1900 if year >= _FIRST_CENTURY_YEAR else 2000) + year, int(text[2:]), 1)
    except ValueError:
        raise ValueError(f"{text} is no month. Give year and month, such as 2112.") from None


def _status(stated: dict[str, str | None]) -> CreditStatus:
    unit = re.sub("[^A-Z]", "", stated.get("unit") or "")
    if unit in _PENDING_UNITS:
        return CreditStatus.PENDING
    return CreditStatus.EX_ANTE if stated.get("mark") == _EX_ANTE_MARK else CreditStatus.ISSUED
