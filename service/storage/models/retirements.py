"""Tables of retirements and certificates."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from service.storage.models._columns import IndexWhere, relation_to


class Retirement(Model):
    """The grams [start_g, end_g) of a batch for one order line; append-only; key (account_id, order_id, position,
    batch_id); unique (batch_id, start_g).
    """

    order: Any = relation_to("Order")
    account: Any = relation_to("Account")
    position = fields.IntField(primary_key=True, generated=False)
    batch: Any = relation_to("CreditBatch")
    start_g = fields.BigIntField()
    end_g = fields.BigIntField()
    retired_at = fields.DatetimeField()

    class Meta:
        table = "retirements"
        unique_together = (("account", "order", "position", "batch"), ("batch", "start_g"))


class Certificate(Model):
    """A certificate: due from the order's completion on, issued once, never edited; key (account_id, order_id); unique
    token.
    """

    order: Any = fields.OneToOneField("storage.Order", related_name=False, primary_key=True, db_constraint=False)
    account: Any = relation_to("Account")
    due_at = fields.DatetimeField()
    number = fields.CharField(max_length=17, null=True)
    token = fields.CharField(max_length=43, null=True, unique=True)
    facts = fields.TextField(null=True)
    sha256 = fields.CharField(max_length=64, null=True)
    pdf = fields.BinaryField(null=True)
    issued_at = fields.DatetimeField(null=True)

    class Meta:
        table = "certificates"
        unique_together = (("account", "order"), ("account", "number"))
        indexes = (
            IndexWhere(fields=("due_at",), name="certificates_due", where="issued_at IS NULL"),
            IndexWhere(
                fields=("account_id", "issued_at", "order_id"),
                name="certificates_by_issue",
                where="issued_at IS NOT NULL",
            ),
        )
