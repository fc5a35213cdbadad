"""Tables of retirements and certificates."""

from tortoise import fields
from tortoise.models import Model


class Retirement(Model):
    """The grams [start_g, end_g) of a batch for one order line; append-only; key (account_id, order_id, position,
    batch_id); unique (batch_id, start_g).
    """

    order_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    position = fields.IntField()
    batch_id = fields.UUIDField()
    start_g = fields.BigIntField()
    end_g = fields.BigIntField()
    retired_at = fields.DatetimeField()

    class Meta:
        table = "retirements"


class Certificate(Model):
    """A certificate: due from the order's completion on, issued once, never edited; key (account_id, order_id); unique
    token.
    """

    order_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    due_at = fields.DatetimeField()
    number = fields.CharField(max_length=17, null=True)
    token = fields.CharField(max_length=43, null=True)
    facts = fields.TextField(null=True)
    sha256 = fields.CharField(max_length=64, null=True)
    pdf = fields.BinaryField(null=True)
    issued_at = fields.DatetimeField(null=True)

    class Meta:
        table = "certificates"
