"""Tables of quotes, their lines and their holds."""

from tortoise import fields
from tortoise.models import Model


class Quote(Model):
    """Key (account_id, id)."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    kind = fields.CharField(max_length=8)
    requested_mass_g = fields.BigIntField(null=True)
    requested_value_minor = fields.BigIntField(null=True)
    step = fields.CharField(max_length=2)
    currency = fields.CharField(max_length=3)
    portfolio_id = fields.UUIDField(null=True)
    estimate_id = fields.UUIDField(null=True)
    mass_g = fields.BigIntField()
    offset_cost_minor = fields.BigIntField()
    commission_minor = fields.BigIntField()
    total_cost_minor = fields.BigIntField()
    commission_hundredths = fields.IntField()
    holds_credits = fields.BooleanField()
    released_at = fields.DatetimeField(null=True)
    order_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "quotes"


class QuoteLine(Model):
    """Key (account_id, quote_id, position)."""

    quote_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    position = fields.IntField()
    bundle_id = fields.UUIDField()
    mass_g = fields.BigIntField()
    unit_price_micros = fields.BigIntField()
    gross_unit_price_micros = fields.BigIntField()
    offset_cost_minor = fields.BigIntField()

    class Meta:
        table = "quote_lines"


class QuoteHold(Model):
    """Grams of a batch that are held for a quote's line; key (account_id, quote_id, position, batch_id)."""

    quote_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    position = fields.IntField()
    batch_id = fields.UUIDField()
    mass_g = fields.BigIntField()

    class Meta:
        table = "quote_holds"
