"""The rule of vintages: credits are sold and retired only after their vintage or monitoring period is over."""

from datetime import date
from enum import StrEnum

from service.domain.serials.facts import CreditStatus, SerialFacts
from service.errors import Code, Refused


class VintageFault(StrEnum):
    """A reason why credits may be neither received nor retired."""

    EX_ANTE = "ex_ante"
    PENDING = "pending"
    PERIOD_NOT_OVER = "period_not_over"
    YEAR_NOT_OVER = "year_not_over"
    YEAR_AFTER_PERIOD = "year_after_period"


def vintage_fault(
    *, vintage: int, period_end: date | None, today: date, status: CreditStatus = CreditStatus.ISSUED
) -> VintageFault | None:
    """Return why the credits may not be received or retired today (a date in UTC), or None if they may.

    If the last day of the monitoring period is known it must be past; otherwise the whole vintage year must be past. Ex
    ante and pending units are never accepted.
    """
    if status is CreditStatus.EX_ANTE:
        return VintageFault.EX_ANTE
    if status is CreditStatus.PENDING:
        return VintageFault.PENDING
    if period_end is not None:
        if vintage > period_end.year:
            return VintageFault.YEAR_AFTER_PERIOD
        return VintageFault.PERIOD_NOT_OVER if period_end >= today else None
    return VintageFault.YEAR_NOT_OVER if vintage >= today.year else None


def vintage_refusal(
    fault: VintageFault, *, vintage: int, period_end: date | None, path: tuple[str | int, ...]
) -> Refused:
    """Return the refusal for the fault; `path` is the member that states the serials."""
    match fault:
        case VintageFault.EX_ANTE:
            message = "These units are ex ante. Receive them when the registry has verified them."
        case VintageFault.PENDING:
            message = "These units are pending. Receive them when the registry has turned them into credits."
        case VintageFault.PERIOD_NOT_OVER:
            message = f"The monitoring period ends on {period_end}. Receive the credits on a later day (UTC)."
            path = ("period_end",)
        case VintageFault.YEAR_NOT_OVER:
            message = f"The vintage year {vintage} is not over. Give the end of the monitoring period if that is over."
            path = ("vintage",)
        case VintageFault.YEAR_AFTER_PERIOD:
            message = (
                f"The vintage {vintage} is after the monitoring period, which ends on {period_end}. Correct one "
                "of them."
            )
            path = ("vintage",)
    return Refused(Code.BAD_USER_INPUT, message, path)


def agreed_period_start(facts: SerialFacts, *, period_end: date | None, stated: date | None) -> date | None:
    """Return the first day of the monitoring period from the operator's statement or the serial; None if neither has
    it.

    Refuses `BAD_USER_INPUT` where the two differ, and for a period that starts after its end.
    """
    if stated is not None and facts.period_from is not None and stated != facts.period_from:
        message = (
            f"The serial's monitoring period starts on {facts.period_from}. Leave out the start of the period, or "
            "correct it."
        )
        raise Refused(Code.BAD_USER_INPUT, message, ("period_start",))
    if stated is not None and period_end is not None and stated > period_end:
        message = f"The monitoring period ends on {period_end}, before this day. Correct one of them."
        raise Refused(Code.BAD_USER_INPUT, message, ("period_start",))
    return stated or facts.period_from


def agreed_period_end(facts: SerialFacts, *, vintage: int, stated: date | None) -> date | None:
    """Return the last day of the monitoring period from the operator's statement or the serial; None if neither has it.

    Refuses `BAD_USER_INPUT` if the operator's vintage or period end differs from the serial's, because credits of a
    later vintage could otherwise be sold as older ones.
    """
    if facts.vintage is not None and facts.vintage != vintage:
        message = f"The serial is of vintage {facts.vintage}, not {vintage}. Correct the vintage or the serial."
        raise Refused(Code.BAD_USER_INPUT, message, ("vintage",))
    if facts.period_from and facts.period_to and not facts.period_from.year <= vintage <= facts.period_to.year:
        message = f"The serial is of {facts.period_from} to {facts.period_to}. Give one of these years as vintage."
        raise Refused(Code.BAD_USER_INPUT, message, ("vintage",))
    if stated is not None and facts.period_to is not None and stated != facts.period_to:
        message = (
            f"The serial's monitoring period ends on {facts.period_to}. Leave out the end of the period, or correct it."
        )
        raise Refused(Code.BAD_USER_INPUT, message, ("period_end",))
    return stated or facts.period_to
