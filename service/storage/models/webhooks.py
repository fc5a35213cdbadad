"""Tables of webhooks: endpoints, their cursors in the events of accounts, and deliveries."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.storage.models._columns import IndexWhere, relation_to

_PENDING = "status = 'PENDING'"


class WebhookEndpoint(Model):
    """An address that events are sent to; key (account_id, id)."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    url = fields.TextField()
    format = fields.CharField(max_length=8)
    event_types: fields.Field[list[str]] = fields.JSONField()
    account_ids: fields.Field[list[str] | None] = fields.JSONField(null=True)
    secret = fields.BinaryField(null=True)
    previous_secret = fields.BinaryField(null=True)
    previous_until = fields.DatetimeField(null=True)
    disabled_at = fields.DatetimeField(null=True)
    disabled_reason = fields.CharField(max_length=9, null=True)
    failures = fields.IntField()
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook_endpoints"
        unique_together = (("account", "id"),)


class WebhookCursor(Model):
    """The last event of an account that is queued for an endpoint of `owner`; key (account_id, endpoint_id)."""

    endpoint_id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    owner: Any = relation_to("Account")
    last_seq = fields.BigIntField()

    class Meta:
        table = "webhook_cursors"
        unique_together = (("account", "endpoint_id"),)


class WebhookDelivery(Model):
    """An event on its way to an endpoint of `owner`; key (account_id, id)."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    owner: Any = relation_to("Account")
    endpoint_id = fields.UUIDField()
    seq = fields.BigIntField()
    event_type = fields.CharField(max_length=32)
    status = fields.CharField(max_length=9)
    attempts = fields.IntField()
    due_at = fields.DatetimeField()
    give_up_at = fields.DatetimeField()
    lease_id = fields.UUIDField(null=True)
    log: fields.Field[list[Any]] = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "webhook_deliveries"
        unique_together = (("account", "id"), ("account", "endpoint_id", "seq"))
        indexes = (
            IndexWhere(fields=("endpoint_id", "due_at"), name="webhook_deliveries_due", where=_PENDING),
            IndexWhere(fields=("account_id", "endpoint_id", "seq"), name="webhook_deliveries_waiting", where=_PENDING),
            Index(fields=("owner_id", "created_at", "id"), name="webhook_deliveries_of_owner"),
            Index(fields=("owner_id", "endpoint_id", "created_at", "id"), name="webhook_deliveries_of_endpoint"),
            Index(fields=("created_at",), name="webhook_deliveries_by_creation"),
            IndexWhere(
                fields=("status", "created_at"), name="webhook_deliveries_unsent", where="status <> 'DELIVERED'"
            ),
        )
