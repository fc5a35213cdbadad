"""Prepaid balance, debt and credit limit of a payer in one currency."""

from dataclasses import dataclass, replace
from typing import Any

from service.errors import Code, Refused


@dataclass(frozen=True, slots=True)
class PayerFunds:
    """The payer's money in one currency: prepaid, owed for orders that stand, and the limit of its debt, if any.

    A payer is an account with its client accounts.
    """

    amount_minor: int = 0
    owed_minor: int = 0
    credit_limit_minor: int | None = None

    def after_order(self, total_minor: int, share_minor: int) -> "PayerFunds":
        """Return the funds after an order of that total took its share of the balance."""
        owed_minor = self.owed_minor + total_minor - share_minor
        return replace(self, amount_minor=self.amount_minor - share_minor, owed_minor=owed_minor)


def refuse_above_credit(funds: PayerFunds, more_minor: int, currency: str, *, tell: bool) -> None:
    """Refuse `CREDIT_LIMIT_EXCEEDED` if the payer would owe more than its limit. The message contains the figures only
    if `tell` is set: they are the parent's, and a client account's own key must not see them. An order that adds
    nothing to the debt is never refused.
    """
    limit_minor = funds.credit_limit_minor
    if limit_minor is None or more_minor == 0 or funds.owed_minor + more_minor <= limit_minor:
        return
    figures: dict[str, Any] = (
        {"credit_limit_minor": limit_minor, "owed_minor": funds.owed_minor, "currency": currency} if tell else {}
    )
    raise Refused(
        Code.CREDIT_LIMIT_EXCEEDED,
        "The order would raise the debt above the seller's credit limit. Pay what is owed, or order less.",
        **(figures if tell else {}),
    )
