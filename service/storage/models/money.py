"""Money: prepaid balances and the journals of the ledger."""

from tortoise import fields
from tortoise.models import Model


class Balance(Model):
    """What the account has prepaid, never below zero; key (account_id, currency)."""

    account_id = fields.UUIDField(primary_key=True)
    currency = fields.CharField(max_length=3)
    amount_minor = fields.BigIntField()

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
    order_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "ledger_entries"
