"""Tables of money: prepaid balances, the journals of the ledger, payments and invoices.

`account_id` is the account whose balance it is: the parent's, where a client account ordered.
"""

from tortoise import fields
from tortoise.models import Model


class Balance(Model):
    """An account's balance, never below zero, its debt and its credit limit; key (account_id, currency)."""

    account_id = fields.UUIDField(primary_key=True)
    currency = fields.CharField(max_length=3)
    amount_minor = fields.BigIntField()
    owed_minor = fields.BigIntField()
    credit_limit_minor = fields.BigIntField(null=True)
    owed_when_limited_minor = fields.BigIntField()
    is_funded = fields.BooleanField()

    class Meta:
        table = "balances"


class LedgerEntry(Model):
    """One posting of a journal, debits positive; the postings of a journal sum to zero; append-only; key
    (account_id, journal_id, ledger_account).
    """

    journal_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    verb = fields.CharField(max_length=24)
    ledger_account = fields.CharField(max_length=12)
    currency = fields.CharField(max_length=3)
    amount_minor = fields.BigIntField()
    order_account_id = fields.UUIDField(null=True)
    order_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "ledger_entries"


class Payment(Model):
    """A payment that was received; append-only; key (account_id, id), unique (account_id, reference)."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    reference = fields.TextField()
    fingerprint = fields.CharField(max_length=64)
    order_account_id = fields.UUIDField(null=True)
    order_id = fields.UUIDField(null=True)
    currency = fields.CharField(max_length=3)
    amount_minor = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "payments"


class Invoice(Model):
    """An invoice. Only its status and `paid_at` ever change, once; key (account_id, id), unique number and
    reference.
    """

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
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

    class Meta:
        table = "invoices"


class InvoiceLine(Model):
    """The debt of one order when it was billed; append-only; key (account_id, invoice_id, position), and an order is on
    one invoice.
    """

    invoice_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    position = fields.IntField()
    order_account_id = fields.UUIDField()
    order_id = fields.UUIDField()
    billed_minor = fields.BigIntField()
    mass_g = fields.BigIntField()

    class Meta:
        table = "invoice_lines"
