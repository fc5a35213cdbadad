"""Credit notes: parts of an invoice that are taken back, with the tax on them.

One is issued for each invoice and each reason when sales on it are undone, wholly or in part. It lowers what is due,
also by what had been paid of it; only what exceeds that is returned to the balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain import ledger
from service.domain.billing import Invoice
from service.domain.ledger import Journal, LedgerAccount, Verb
from service.domain.order import Order
from service.domain.tax import share_of


class CreditReason(StrEnum):
    """Reasons of credit notes."""

    CANCELLED = "cancelled"
    REDUCED = "reduced"
    FAILED = "failed"
    REFUNDED = "refunded"


CREDIT_REASONS = {
    Verb.ORDER_CANCELLED: CreditReason.CANCELLED,
    Verb.ORDER_REDUCED: CreditReason.REDUCED,
    Verb.ORDER_FAILED: CreditReason.FAILED,
    Verb.ORDER_REFUNDED: CreditReason.REFUNDED,
}
"""Reason of each verb that undoes a sale or a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """Net and tax that were taken back from an invoice. `returned_minor` of both had been paid and went to the balance;
    the rest lowered what is due. `applied_minor` of the rest had been paid too, and pays other orders and tax of the
    invoice; None in notes of earlier releases, which returned all that had been paid.
    """

    account_id: UUID
    id: UUID
    number: str
    seller_id: UUID
    invoice_id: UUID
    reason: CreditReason
    currency: str
    net_minor: int
    tax_minor: int
    returned_minor: int
    mass_g: int
    created_at: datetime
    applied_minor: int | None = None

    @property
    def gross_minor(self) -> int:
        """Return net and tax together."""
        return self.net_minor + self.tax_minor

    @property
    def lowered_minor(self) -> int:
        """Return the part that lowered the amount due."""
        return self.gross_minor - self.returned_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteLine:
    """One order on a credit note, with the net amount and the mass that were taken back."""

    account_id: UUID
    credit_note_id: UUID
    position: int
    order_account_id: UUID
    order_id: UUID
    net_minor: int
    mass_g: int


@dataclass(frozen=True, slots=True)
class UndoneSale:
    """An order whose sale was undone wholly or in part, with the journal of the reversal and the mass that was
    undone.
    """

    order: Order
    journal: Journal
    mass_g: int

    @property
    def net_minor(self) -> int:
        """Return the amount by which the order costs less."""
        return self.journal.change_of(LedgerAccount.SALES) + self.journal.change_of(LedgerAccount.COMMISSION)


@dataclass(frozen=True, slots=True)
class Credit:
    """Result of a credit: the changed invoice, the credit note without its number, its lines and their orders, and the
    journal of its tax.
    """

    invoice: Invoice
    note: CreditNote
    lines: tuple[CreditNoteLine, ...]
    orders: tuple[Order, ...]
    journal: Journal


def credit(invoice: Invoice, sales: Sequence[UndoneSale], *, note_id: UUID, now: datetime) -> Credit:
    """Credit the sales, all undone for one reason, to their invoice. The tax is rounded cumulatively over all credits
    of the invoice. The note returns all that had been paid; `applied` then takes from it what the invoice still owes.
    """
    if invoice.seller_id is None:
        raise ValueError(f"an invoice of an earlier release has no credit notes: {invoice.number}")
    net_minor = sum(sale.net_minor for sale in sales)
    credited_minor = invoice.credited_minor + net_minor
    tax_credited_minor = share_of(invoice.tax_minor, credited_minor, invoice.total_minor)
    tax_minor = tax_credited_minor - invoice.tax_credited_minor
    tax_returned_minor = max(0, tax_minor - invoice.tax_owed_minor)
    note = CreditNote(
        account_id=invoice.account_id,
        id=note_id,
        number="",
        seller_id=invoice.seller_id,
        invoice_id=invoice.id,
        reason=CREDIT_REASONS[sales[0].journal.verb],
        currency=invoice.currency,
        net_minor=net_minor,
        tax_minor=tax_minor,
        returned_minor=tax_returned_minor + sum(sale.journal.balance_change_minor for sale in sales),
        mass_g=sum(sale.mass_g for sale in sales),
        created_at=now,
    )
    after = replace(
        invoice,
        credited_minor=credited_minor,
        tax_credited_minor=tax_credited_minor,
        tax_paid_minor=invoice.tax_paid_minor - tax_returned_minor,
    )
    lines = tuple(
        CreditNoteLine(
            account_id=invoice.account_id,
            credit_note_id=note_id,
            position=position,
            order_account_id=sale.order.account_id,
            order_id=sale.order.id,
            net_minor=sale.net_minor,
            mass_g=sale.mass_g,
        )
        for position, sale in enumerate(sales)
    )
    journal = ledger.tax_credited(invoice.currency, tax_minor, tax_returned_minor)
    return Credit(after, note, lines, tuple(sale.order for sale in sales), journal)


def applied(credits_of_invoice: Sequence[Credit], owed_minor: int) -> list[CreditNote]:
    """Return the notes of an invoice that owes this amount after them: what had been paid pays it first, from the first
    note on, and only the rest is returned to the balance.
    """
    notes: list[CreditNote] = []
    for each in credits_of_invoice:
        applied_minor = min(owed_minor, each.note.returned_minor)
        returned_minor = each.note.returned_minor - applied_minor
        notes.append(replace(each.note, applied_minor=applied_minor, returned_minor=returned_minor))
        owed_minor -= applied_minor
    return notes
