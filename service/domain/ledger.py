"""Journals of the verbs that move money. The books balance after each of them.

Does not know tables or payers; a journal is a value, which storage appends. A debit is positive and a credit negative,
so every journal sums to zero, and the account `balance`, which is a debt to the customer, is negative by the customer's
prepaid money.

For an order that stands, receivable = total cost - amount paid. Once it is cancelled, failed or refunded its sale is
undone, receivable is 0 and the amount paid is in the balance: so a later verb finds nothing to reverse. Tax is owed on
an invoice and not on an order: it has journals of its own, which name no order.
"""

from dataclasses import dataclass
from enum import StrEnum


class LedgerAccount(StrEnum):
    """Accounts of the ledger: money received, prepaid money of customers, their debts, the two kinds of income, and the
    tax that the seller owes to its tax office.
    """

    CASH = "cash"
    BALANCE = "balance"
    RECEIVABLE = "receivable"
    SALES = "sales"
    COMMISSION = "commission"
    TAX = "tax"


class Verb(StrEnum):
    """Events that move money; each writes one journal."""

    ORDER_PLACED = "order_placed"
    BALANCE_APPLIED = "balance_applied"
    PAYMENT_RECORDED = "payment_recorded"
    BALANCE_TOPPED_UP = "balance_topped_up"
    INVOICE_SETTLED = "invoice_settled"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_REDUCED = "order_reduced"
    ORDER_REFUNDED = "order_refunded"
    ORDER_FAILED = "order_failed"
    TAX_BILLED = "tax_billed"
    TAX_PAID = "tax_paid"
    TAX_CREDITED = "tax_credited"


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount on one account, in minor units: a debit is positive, a credit negative, never zero."""

    account: LedgerAccount
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Journal:
    """The balanced postings of one verb, at most one for each account; empty when no money moved.

    Raises `ValueError` for postings that do not sum to zero.
    """

    verb: Verb
    currency: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if sum(posting.amount_minor for posting in self.postings) != 0:
            raise ValueError(f"a journal sums to zero: {self}")
        if any(posting.amount_minor == 0 for posting in self.postings):
            raise ValueError(f"a posting moves an amount: {self}")
        if len({posting.account for posting in self.postings}) != len(self.postings):
            raise ValueError(f"a journal posts once to an account: {self}")

    def change_of(self, account: LedgerAccount) -> int:
        """Return the amount that the journal adds to the account, in minor units, debit positive."""
        return sum(posting.amount_minor for posting in self.postings if posting.account is account)

    @property
    def balance_change_minor(self) -> int:
        """Return the amount that the customer's balance gains, or loses when negative; the balance row changes by
        exactly this.
        """
        return -self.change_of(LedgerAccount.BALANCE)

    @property
    def paid_change_minor(self) -> int:
        """Return the amount by which this journal raises the paid part of the order's total, or lowers it when
        negative.

        This is the change of the total (sales and commission) less the change of the debt (receivable).
        """
        total_change = -self.change_of(LedgerAccount.SALES) - self.change_of(LedgerAccount.COMMISSION)
        return total_change - self.change_of(LedgerAccount.RECEIVABLE)


def order_placed(currency: str, offset_cost_minor: int, commission_minor: int) -> Journal:
    """Book an order: the customer owes the total. Debit receivable total; credit sales offset cost, commission
    commission.
    """
    return _sale_changed(Verb.ORDER_PLACED, currency, (0, 0), (offset_cost_minor, commission_minor), 0)


def balance_applied(currency: str, amount_minor: int) -> Journal:
    """Pay an order from the balance. Debit balance; credit receivable. The amount is at most the balance and the
    debt.
    """
    _check_amounts(amount_minor)
    return _journal(
        Verb.BALANCE_APPLIED,
        currency,
        {LedgerAccount.BALANCE: amount_minor, LedgerAccount.RECEIVABLE: -amount_minor},
    )


def payment_recorded(currency: str, amount_minor: int, receivable_minor: int) -> Journal:
    """Book a payment for an order that still owes `receivable_minor`: 0 when it is cancelled, failed, refunded or paid.

    Debit cash amount; credit receivable as far as it is owed, balance the rest.
    """
    return _received(Verb.PAYMENT_RECORDED, currency, amount_minor, receivable_minor)


def balance_topped_up(currency: str, amount_minor: int) -> Journal:
    """Book a payment without an order. Debit cash; credit balance."""
    return _received(Verb.BALANCE_TOPPED_UP, currency, amount_minor, 0)


def invoice_settled(currency: str, billed_minor: int, receivable_minor: int) -> Journal:
    """Book the payment of an invoice's line; one journal for each order on it. The order still owes `receivable_minor`,
    which is less than the billed amount if the order was paid, reduced or cancelled after the invoice was issued.

    Debit cash billed; credit receivable as far as it is owed, balance the rest.
    """
    return _received(Verb.INVOICE_SETTLED, currency, billed_minor, receivable_minor)


def invoice_payment_recorded(currency: str, amount_minor: int) -> Journal:
    """Book a payment for an invoice, from which its orders and its tax are paid by journals of their own. Debit cash;
    credit balance.
    """
    return _received(Verb.PAYMENT_RECORDED, currency, amount_minor, 0)


def order_cancelled(currency: str, offset_cost_minor: int, commission_minor: int, paid_minor: int) -> Journal:
    """Undo the whole sale: the paid part goes to the balance, and the rest is no longer owed.

    Debit sales offset cost, commission commission; credit balance paid, receivable the rest of the total.
    """
    return _sale_changed(Verb.ORDER_CANCELLED, currency, (offset_cost_minor, commission_minor), (0, 0), paid_minor)


def order_reduced(currency: str, before: tuple[int, int], after: tuple[int, int], paid_minor: int) -> Journal:
    """Undo a part of the sale; `before` and `after` are (offset cost, commission) and the total does not rise.

    Debit sales and commission by their differences; credit balance the payment above the total that remains, receivable
    the rest of the difference. Totals are rounded independently, so the commission may rise by a minor unit while the
    total falls; it is credited then.
    """
    if sum(after) > sum(before):
        raise ValueError(f"a reduced order does not cost more: {before} to {after}")
    return _sale_changed(Verb.ORDER_REDUCED, currency, before, after, paid_minor)


def order_refunded(currency: str, offset_cost_minor: int, commission_minor: int, paid_minor: int) -> Journal:
    """Refund the order, which keeps its state and its credits: same postings as `order_cancelled`."""
    return _sale_changed(Verb.ORDER_REFUNDED, currency, (offset_cost_minor, commission_minor), (0, 0), paid_minor)


def order_failed(currency: str, offset_cost_minor: int, commission_minor: int, paid_minor: int) -> Journal:
    """Undo the whole sale because the seller cannot deliver; same postings as `order_cancelled`."""
    return _sale_changed(Verb.ORDER_FAILED, currency, (offset_cost_minor, commission_minor), (0, 0), paid_minor)


def tax_billed(currency: str, tax_minor: int) -> Journal:
    """Book the tax of an invoice: the customer owes it. Debit receivable; credit tax."""
    _check_amounts(tax_minor)
    return _journal(Verb.TAX_BILLED, currency, {LedgerAccount.RECEIVABLE: tax_minor, LedgerAccount.TAX: -tax_minor})


def tax_paid(currency: str, tax_minor: int) -> Journal:
    """Pay tax with a part of a payment, which the payment's own journal added to the balance. Debit balance; credit
    receivable.
    """
    _check_amounts(tax_minor)
    return _journal(Verb.TAX_PAID, currency, {LedgerAccount.BALANCE: tax_minor, LedgerAccount.RECEIVABLE: -tax_minor})


def tax_credited(currency: str, tax_minor: int, returned_minor: int) -> Journal:
    """Credit tax of an invoice, of which `returned_minor` was paid. Debit tax; credit balance returned, receivable the
    rest.
    """
    _check_amounts(tax_minor, returned_minor, tax_minor - returned_minor)
    return _journal(
        Verb.TAX_CREDITED,
        currency,
        {
            LedgerAccount.TAX: tax_minor,
            LedgerAccount.RECEIVABLE: returned_minor - tax_minor,
            LedgerAccount.BALANCE: -returned_minor,
        },
    )


def _received(verb: Verb, currency: str, amount_minor: int, receivable_minor: int) -> Journal:
    _check_amounts(amount_minor, receivable_minor)
    towards_order_minor = min(amount_minor, receivable_minor)
    return _journal(
        verb,
        currency,
        {
            LedgerAccount.CASH: amount_minor,
            LedgerAccount.RECEIVABLE: -towards_order_minor,
            LedgerAccount.BALANCE: towards_order_minor - amount_minor,
        },
    )


def _sale_changed(
    verb: Verb, currency: str, before: tuple[int, int], after: tuple[int, int], paid_minor: int
) -> Journal:
    """Return the postings for a sale whose (offset cost, commission) changes: a payment above the new total goes to the
    balance, and receivable changes by the rest.
    """
    _check_amounts(*before, *after, paid_minor)
    total_before, total_after = sum(before), sum(after)
    if paid_minor > max(total_before, total_after):
        raise ValueError(f"no more than the total is paid of an order: {paid_minor} of {total_before}")
    returned_minor = max(0, paid_minor - total_after)
    return _journal(
        verb,
        currency,
        {
            LedgerAccount.RECEIVABLE: total_after - total_before + returned_minor,
            LedgerAccount.SALES: before[0] - after[0],
            LedgerAccount.COMMISSION: before[1] - after[1],
            LedgerAccount.BALANCE: -returned_minor,
        },
    )


def _check_amounts(*amounts_minor: int) -> None:
    if min(amounts_minor) < 0:
        raise ValueError(f"a verb says which way money moves, an amount only how much: {amounts_minor}")


def _journal(verb: Verb, currency: str, changes: dict[LedgerAccount, int]) -> Journal:
    return Journal(verb, currency, tuple(Posting(account, amount) for account, amount in changes.items() if amount))
