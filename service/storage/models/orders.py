"""Tables of orders, their lines, their credit entries, backorders and events."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Order(Model):
    """Key (account_id, id); unique (account_id, idempotency_key) and (account_id, number)."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    number = fields.CharField(max_length=32)
    source = fields.CharField(max_length=16)
    kind = fields.CharField(max_length=8)
    requested_mass_g = fields.BigIntField(null=True)
    requested_value_minor = fields.BigIntField(null=True)
    step = fields.CharField(max_length=2)
    currency = fields.CharField(max_length=3)
    status = fields.CharField(max_length=12)
    payment_status = fields.CharField(max_length=12)
    mass_g = fields.BigIntField()
    fulfilled_g = fields.BigIntField()
    retired_g = fields.BigIntField()
    offset_cost_minor = fields.BigIntField()
    commission_minor = fields.BigIntField()
    total_cost_minor = fields.BigIntField()
    paid_minor = fields.BigIntField()
    commission_hundredths = fields.IntField()
    customer = fields.TextField(null=True)
    customer_key = fields.TextField(null=True)
    description = fields.TextField(null=True)
    metadata: fields.Field[dict[str, str]] = fields.JSONField()
    callback_url = fields.TextField(null=True)
    beneficiary: fields.Field[dict[str, Any]] = fields.JSONField(null=True)
    portfolio_id = fields.UUIDField(null=True)
    estimate_id = fields.UUIDField(null=True)
    quote_id = fields.UUIDField(null=True)
    idempotency_key = fields.TextField(null=True)
    fingerprint = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()

    class Meta:
        table = "orders"


class OrderLine(Model):
    """One bundle's share at its frozen price; key (account_id, order_id, position)."""

    order_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    position = fields.IntField()
    bundle_id = fields.UUIDField()
    mass_g = fields.BigIntField()
    fulfilled_g = fields.BigIntField()
    unit_price_micros = fields.BigIntField()
    gross_unit_price_micros = fields.BigIntField()
    offset_cost_minor = fields.BigIntField()

    class Meta:
        table = "order_lines"


class CreditEntry(Model):
    """Grams of a batch given to (+) or returned by (-) an order line; append-only; key (account_id, id)."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    order_id = fields.UUIDField()
    position = fields.IntField()
    batch_id = fields.UUIDField()
    kind = fields.CharField(max_length=8)
    mass_g = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "credit_entries"


class Backorder(Model):
    """An order line's place in its bundle's queue, one queue for all accounts; key (bundle_id, order_id, position)."""

    order_id = fields.UUIDField(primary_key=True)
    bundle_id = fields.UUIDField()
    mode = fields.CharField(max_length=4)
    account_id = fields.UUIDField()
    position = fields.IntField()
    waiting_g = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "backorders"


class Event(Model):
    """An event, numbered without gaps in its account; append-only; key (account_id, seq)."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    seq = fields.BigIntField()
    event_type = fields.CharField(max_length=32)
    order_id = fields.UUIDField(null=True)
    actor = fields.TextField()
    payload: fields.Field[dict[str, Any]] = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "events"
