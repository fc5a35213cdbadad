"""Tables of money: prepaid balances, the journals of the ledger, payments, invoices and credit
notes.

`account_id` is the account that owns the balance: for an order of a client account, its parent.
"""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.storage.models._columns import IndexWhere, relation_to


class Balance(Model):
    """An account's balance, never below zero, its debt and its credit limit; key (account_id, currency)."""

    account: Any = relation_to("Account")
    currency = fields.CharField(max_length=3, primary_key=True)
    amount_minor = fields.BigIntField()
    owed_minor = fields.BigIntField()
    credit_limit_minor = fields.BigIntField(null=True)
    owed_when_limited_minor = fields.BigIntField()
    is_funded = fields.BooleanField()

    class Meta:
        table = "balances"
        unique_together = (("account", "currency"),)


class LedgerEntry(Model):
    """One posting of a journal, debits positive; the postings of a journal sum to zero; append-only; key
    (account_id, journal_id, ledger_account).
    """

    journal_id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    verb = fields.CharField(max_length=24)
    ledger_account = fields.CharField(max_length=12)
    currency = fields.CharField(max_length=3)
    amount_minor = fields.BigIntField()
    order_account: Any = relation_to("Account", null=True)
    order: Any = relation_to("Order", null=True)
    invoice: Any = relation_to("Invoice", null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "ledger_entries"
        unique_together = (("account", "journal_id", "ledger_account"),)
        indexes = (Index(fields=("account_id", "order_id"), name="ledger_entries_of_order"),)


class Payment(Model):
    """A payment that was received; append-only; key (account_id, id), unique (account_id, reference)."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    reference = fields.TextField()
    fingerprint = fields.CharField(max_length=64)
    order_account: Any = relation_to("Account", null=True)
    order: Any = relation_to("Order", null=True)
    currency = fields.CharField(max_length=3)
    amount_minor = fields.BigIntField()
    created_at = fields.DatetimeField()
    invoice: Any = relation_to("Invoice", null=True)

    class Meta:
        table = "payments"
        unique_together = (("account", "id"), ("account", "reference"))
        indexes = (
            Index(fields=("created_at", "id"), name="payments_of_all_by_creation"),
            IndexWhere(fields=("account_id", "order_id"), name="payments_of_order", where="order_id IS NOT NULL"),
        )


class Invoice(Model):
    """An invoice. Its status and `paid_at` change once, and sums of later events change; key (account_id, id), unique
    number and reference.
    """

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    number = fields.CharField(max_length=32)
    reference = fields.TextField()
    fingerprint = fields.CharField(max_length=64)
    currency = fields.CharField(max_length=3)
    status = fields.CharField(max_length=8)
    total_minor = fields.BigIntField()
    mass_g = fields.BigIntField()
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    paid_at = fields.DatetimeField(null=True)
    seller: Any = relation_to("Seller", null=True)
    parties = fields.TextField(null=True)
    tax_category = fields.CharField(max_length=2, null=True)
    tax_rate_hundredths = fields.IntField(null=True)
    tax_reason = fields.TextField(null=True)
    tax_reason_code = fields.CharField(max_length=32, null=True)
    tax_minor = fields.BigIntField()
    prepaid_minor = fields.BigIntField()
    credited_minor = fields.BigIntField()
    tax_credited_minor = fields.BigIntField()
    tax_paid_minor = fields.BigIntField()
    settled_minor = fields.BigIntField(null=True)

    class Meta:
        table = "invoices"
        unique_together = (("account", "id"), ("account", "number"), ("account", "reference"))
        indexes = (
            Index(fields=("account_id", "created_at", "id"), name="invoices_by_creation"),
            Index(fields=("created_at", "id"), name="invoices_of_all_by_creation"),
            IndexWhere(fields=("due_at",), name="invoices_unpaid_by_due", where="status = 'PENDING'"),
        )


class InvoiceLine(Model):
    """One order as it was billed; append-only; key (account_id, invoice_id, position), and an order is on at most one
    invoice.
    """

    invoice: Any = relation_to("Invoice")
    account: Any = relation_to("Account")
    position = fields.IntField(primary_key=True, generated=False)
    order_account: Any = relation_to("Account")
    order: Any = relation_to("Order")
    billed_minor = fields.BigIntField()
    mass_g = fields.BigIntField()
    prepaid_minor = fields.BigIntField()

    class Meta:
        table = "invoice_lines"
        unique_together = (("account", "invoice", "position"), ("account", "order"))


class CreditNote(Model):
    """An amount that was taken back from an invoice; append-only; key (account_id, id), unique number."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    number = fields.CharField(max_length=32)
    seller: Any = relation_to("Seller")
    invoice: Any = relation_to("Invoice")
    reason = fields.CharField(max_length=9)
    currency = fields.CharField(max_length=3)
    net_minor = fields.BigIntField()
    tax_minor = fields.BigIntField()
    returned_minor = fields.BigIntField()
    mass_g = fields.BigIntField()
    created_at = fields.DatetimeField()
    applied_minor = fields.BigIntField(null=True)

    class Meta:
        table = "credit_notes"
        unique_together = (("account", "id"), ("account", "number"))
        indexes = (Index(fields=("account_id", "invoice_id", "id"), name="credit_notes_of_invoice"),)


class CreditNoteLine(Model):
    """One order on a credit note; append-only; key (account_id, credit_note_id, position)."""

    credit_note: Any = relation_to("CreditNote")
    account: Any = relation_to("Account")
    position = fields.IntField(primary_key=True, generated=False)
    order_account: Any = relation_to("Account")
    order: Any = relation_to("Order")
    net_minor = fields.BigIntField()
    mass_g = fields.BigIntField()

    class Meta:
        table = "credit_note_lines"
        unique_together = (("account", "credit_note", "position"), ("account", "credit_note", "order"))
