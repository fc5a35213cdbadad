"""Tables of orders, their lines, their credit entries, backorders and events."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.storage.models._columns import IndexWhere, relation_to


class Order(Model):
    """Key (account_id, id); unique (account_id, idempotency_key) and (account_id, number)."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
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
    portfolio: Any = relation_to("Portfolio", null=True)
    estimate: Any = relation_to("Estimate", null=True)
    quote: Any = relation_to("Quote", null=True)
    idempotency_key = fields.TextField(null=True)
    fingerprint = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()

    class Meta:
        table = "orders"
        unique_together = (("account", "id"), ("account", "idempotency_key"), ("account", "number"))
        indexes = (
            Index(fields=("account_id", "created_at", "id"), name="orders_by_creation"),
            Index(fields=("created_at", "id"), name="orders_of_all_by_creation"),
            Index(fields=("id",), name="orders_by_id"),
            Index(fields=("account_id", "mass_g", "id"), name="orders_by_mass"),
            Index(fields=("account_id", "status", "created_at", "id"), name="orders_by_status"),
            Index(fields=("account_id", "total_cost_minor", "id"), name="orders_by_total"),
            IndexWhere(fields=("payment_status", "created_at"), name="orders_to_retire", where="status = 'FULFILLED'"),
            IndexWhere(fields=("created_at",), name="orders_retiring", where="status = 'RETIRING'"),
            IndexWhere(
                fields=("account_id", "id"),
                name="orders_without_customer_key",
                where="customer IS NOT NULL AND customer_key IS NULL",
            ),
        )


class OrderTotal(Model):
    """Number and sums of an account's orders of one day, currency, state and kind; kept by triggers. Sums are in
    billions and the rest. Key (account_id, day, currency, status, payment_status, kind).
    """

    account: Any = relation_to("Account")
    day = fields.DateField(primary_key=True)
    currency = fields.CharField(max_length=3)
    status = fields.CharField(max_length=12)
    payment_status = fields.CharField(max_length=12)
    kind = fields.CharField(max_length=8)
    orders = fields.BigIntField()
    mass_high = fields.BigIntField()
    mass_low = fields.BigIntField()
    offset_high = fields.BigIntField()
    offset_low = fields.BigIntField()
    total_high = fields.BigIntField()
    total_low = fields.BigIntField()

    class Meta:
        table = "order_totals"
        unique_together = (("account", "day", "currency", "status", "payment_status", "kind"),)


class OrderLine(Model):
    """One bundle's share at its frozen price; key (account_id, order_id, position)."""

    order: Any = relation_to("Order")
    account: Any = relation_to("Account")
    position = fields.IntField(primary_key=True, generated=False)
    bundle: Any = relation_to("Bundle")
    mass_g = fields.BigIntField()
    fulfilled_g = fields.BigIntField()
    unit_price_micros = fields.BigIntField()
    gross_unit_price_micros = fields.BigIntField()
    offset_cost_minor = fields.BigIntField()

    class Meta:
        table = "order_lines"
        unique_together = (("account", "order", "position"),)


class CreditEntry(Model):
    """Grams of a batch given to (+) or returned by (-) an order line; append-only; key (account_id, id)."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    order: Any = relation_to("Order")
    position = fields.IntField()
    batch: Any = relation_to("CreditBatch")
    kind = fields.CharField(max_length=8)
    mass_g = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "credit_entries"
        unique_together = (("account", "id"),)
        indexes = (Index(fields=("account_id", "order_id", "position"), name="credit_entries_of_order"),)


class Backorder(Model):
    """A waiting order line, with its place in the queue that all accounts share; key (bundle_id, order_id,
    position).
    """

    order: Any = relation_to("Order")
    bundle: Any = relation_to("Bundle")
    mode = fields.CharField(max_length=4)
    account: Any = relation_to("Account")
    position = fields.IntField(primary_key=True, generated=False)
    waiting_g = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "backorders"
        unique_together = (("bundle", "order", "position"),)
        indexes = (
            Index(fields=("bundle_id", "mode", "created_at", "order_id", "position"), name="backorders_first_come"),
            Index(fields=("account_id", "order_id"), name="backorders_of_order"),
        )


class Event(Model):
    """An event, numbered without gaps in its account; append-only; key (account_id, seq)."""

    id = fields.UUIDField()
    account: Any = relation_to("Account")
    seq = fields.BigIntField(primary_key=True, generated=False)
    event_type = fields.CharField(max_length=32)
    order: Any = relation_to("Order", null=True)
    actor = fields.TextField()
    payload: fields.Field[dict[str, Any]] = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "events"
        unique_together = (("account", "seq"),)
        indexes = (Index(fields=("account_id", "order_id", "seq"), name="events_of_order"),)


class EventSeal(Model):
    """Digests of a range of an account's events; append-only; key (account_id, first_seq)."""

    account: Any = relation_to("Account")
    first_seq = fields.BigIntField(primary_key=True, generated=False)
    last_seq = fields.BigIntField()
    digests = fields.BinaryField()
    sealed_at = fields.DatetimeField()

    class Meta:
        table = "event_seals"
        unique_together = (("account", "first_seq"),)
