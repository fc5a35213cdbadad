"""Limits on the credits that a payer's open quotes may hold, which cost the payer nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """Limits on open holds of a payer, which is an account with its client accounts.

    `percent_max` is of the stock of each bundle, held credits included; `open_max` counts quotes.
    """

    percent_max: int = 10
    open_max: int = 20

    def for_payer(self, payer: Account) -> "HoldLimits":
        """Return the limits for one payer: each limit set for its account replaces the service's."""
        return HoldLimits(
            self.percent_max if payer.hold_percent_max is None else payer.hold_percent_max,
            self.open_max if payer.open_holds_max is None else payer.open_holds_max,
        )


@dataclass(frozen=True, slots=True)
class BundleHolds:
    """Mass of a bundle's stock, held grams included, and the mass that the payer would hold of it, in grams."""

    bundle_id: UUID
    stock_g: int
    held_g: int


def refuse_many_holds(open_holds: int, limits: HoldLimits) -> None:
    """Refuse `HOLD_LIMIT_EXCEEDED` where the payer has as many open holds as it may have."""
    if open_holds >= limits.open_max:
        raise Refused(
            Code.HOLD_LIMIT_EXCEEDED,
            f"At most {limits.open_max} quotes may set credits aside at the same time. Order from one of them, or wait "
            "until one expires.",
            ("hold",),
        )


def refuse_large_holds(holds: Iterable[BundleHolds], limits: HoldLimits) -> None:
    """Refuse `HOLD_LIMIT_EXCEEDED` where the payer would hold more than its share of any bundle's stock."""
    if any(each.held_g * 100 > each.stock_g * limits.percent_max for each in holds):
        raise Refused(
            Code.HOLD_LIMIT_EXCEEDED,
            f"Quotes may set aside at most {limits.percent_max} percent of a bundle's stock. Quote less, or quote "
            "without a hold.",
            ("hold",),
        )
