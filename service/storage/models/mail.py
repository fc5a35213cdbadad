"""Tables of mail: cursors in the events of accounts, mails on their way, and reminders of invoices."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.storage.models._columns import IndexWhere, relation_to


class MailCursor(Model):
    """The last event of an account with contacts that is queued as mail."""

    account: Any = fields.OneToOneField("storage.Account", related_name=False, primary_key=True, db_constraint=False)
    last_seq = fields.BigIntField()

    class Meta:
        table = "mail_cursors"


class Mail(Model):
    """An event on its way to one recipient; key (account_id, id), unique (account_id, seq, email)."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    seq = fields.BigIntField()
    kind = fields.CharField(max_length=20)
    email = fields.CharField(max_length=254)
    name = fields.TextField()
    status = fields.CharField(max_length=9)
    attempts = fields.IntField()
    due_at = fields.DatetimeField()
    give_up_at = fields.DatetimeField()
    lease_id = fields.UUIDField(null=True)
    error = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)

    class Meta:
        table = "mails"
        unique_together = (("account", "id"), ("account", "seq", "email"))
        indexes = (
            IndexWhere(fields=("due_at",), name="mails_due", where="status = 'PENDING'"),
            Index(fields=("created_at", "id"), name="mails_by_creation"),
            IndexWhere(fields=("status", "created_at"), name="mails_unsent", where="status <> 'SENT'"),
        )


class InvoiceReminder(Model):
    """An invoice whose payer was reminded; key (account_id, invoice_id)."""

    invoice: Any = fields.OneToOneField("storage.Invoice", related_name=False, primary_key=True, db_constraint=False)
    account: Any = relation_to("Account")
    created_at = fields.DatetimeField()

    class Meta:
        table = "invoice_reminders"
        unique_together = (("account", "invoice"),)
