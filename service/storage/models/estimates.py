"""Table of estimates: emissions of an activity, to be ordered once."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from service.storage.models._columns import relation_to


class Estimate(Model):
    """Key (account_id, id); unique (account_id, idempotency_key)."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    activity_kind = fields.CharField(max_length=16)
    name = fields.TextField(null=True)
    mass_g = fields.BigIntField()
    activity: fields.Field[dict[str, Any]] = fields.JSONField()
    factor: fields.Field[dict[str, Any] | list[dict[str, Any]]] = fields.JSONField(null=True)
    working: fields.Field[list[str]] = fields.JSONField()
    metadata: fields.Field[dict[str, str]] = fields.JSONField()
    idempotency_key = fields.TextField(null=True)
    fingerprint = fields.CharField(max_length=64)
    order: Any = relation_to("Order", null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "estimates"
        unique_together = (("account", "id"), ("account", "idempotency_key"))
