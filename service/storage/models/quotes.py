"""Tables of quotes, their lines and their holds."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from service.storage.models._columns import IndexWhere, relation_to


class Quote(Model):
    """Key (account_id, id)."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    kind = fields.CharField(max_length=8)
    requested_mass_g = fields.BigIntField(null=True)
    requested_value_minor = fields.BigIntField(null=True)
    step = fields.CharField(max_length=2)
    currency = fields.CharField(max_length=3)
    portfolio: Any = relation_to("Portfolio", null=True)
    estimate: Any = relation_to("Estimate", null=True)
    mass_g = fields.BigIntField()
    offset_cost_minor = fields.BigIntField()
    commission_minor = fields.BigIntField()
    total_cost_minor = fields.BigIntField()
    commission_hundredths = fields.IntField()
    holds_credits = fields.BooleanField()
    released_at = fields.DatetimeField(null=True)
    order: Any = relation_to("Order", null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "quotes"
        unique_together = (("account", "id"),)
        indexes = (
            IndexWhere(
                fields=("expires_at",),
                name="quotes_holding",
                where="holds_credits AND order_id IS NULL AND released_at IS NULL",
            ),
            IndexWhere(
                fields=("account_id",),
                name="quotes_holding_of_account",
                where="holds_credits AND order_id IS NULL AND released_at IS NULL",
            ),
        )


class QuoteLine(Model):
    """Key (account_id, quote_id, position)."""

    quote: Any = relation_to("Quote")
    account: Any = relation_to("Account")
    position = fields.IntField(primary_key=True, generated=False)
    bundle: Any = relation_to("Bundle")
    mass_g = fields.BigIntField()
    unit_price_micros = fields.BigIntField()
    gross_unit_price_micros = fields.BigIntField()
    offset_cost_minor = fields.BigIntField()

    class Meta:
        table = "quote_lines"
        unique_together = (("account", "quote", "position"),)


class QuoteHold(Model):
    """Grams of a batch that are held for a quote's line; key (account_id, quote_id, position, batch_id)."""

    quote: Any = relation_to("Quote")
    account: Any = relation_to("Account")
    position = fields.IntField(primary_key=True, generated=False)
    batch: Any = relation_to("CreditBatch")
    mass_g = fields.BigIntField()

    class Meta:
        table = "quote_holds"
        unique_together = (("account", "quote", "position", "batch"),)
