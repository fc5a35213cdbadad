"""What a payer has prepaid and owes in one currency, and how much it may owe."""

from dataclasses import dataclass, replace
from typing import Any

from service.errors import Code, Refused


@dataclass(frozen=True, slots=True)
class PayerFunds:
    """The payer's money in one currency: prepaid, owed for orders that stand, and the limit of what it may owe, if any.

    A payer is an account with its client accounts.
    """

    amount_minor: int = 0
    owed_minor: int = 0
    credit_limit_minor: int | None = None

    def after_order(self, total_minor: int, share_minor: int) -> "PayerFunds":
        """Return what is left once an order of that total took its share of what is prepaid."""
        owed_minor = self.owed_minor + total_minor - share_minor
        return replace(self, amount_minor=self.amount_minor - share_minor, owed_minor=owed_minor)


def refuse_above_credit(funds: PayerFunds, more_minor: int, currency: str, *, tell: bool) -> None:
    """Refuse `CREDIT_LIMIT_EXCEEDED` where the payer would owe more than its limit, with the figures if `tell`: they
    are the parent's, and nothing for a client account's own key. What adds nothing to the debt is never refused.
    """
    limit_minor = funds.credit_limit_minor
    if limit_minor is None or more_minor == 0 or funds.owed_minor + more_minor <= limit_minor:
        return
    figures: dict[str, Any] = (
        {"credit_limit_minor": limit_minor, "owed_minor": funds.owed_minor, "currency": currency} if tell else {}
    )
    raise Refused(
        Code.CREDIT_LIMIT_EXCEEDED,
        "With this order more would be owed than the seller's credit limit allows; pay what is owed, or order less.",
        **(figures if tell else {}),
    )
