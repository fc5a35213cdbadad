"""Tables of the workers: failures of their items."""

from tortoise import fields
from tortoise.models import Model


class WorkerFailure(Model):
    """An item of a worker step that failed; key (step, account_id, item_id, position)."""

    step = fields.CharField(max_length=32, primary_key=True)
    account_id = fields.UUIDField()
    item_id = fields.UUIDField()
    position = fields.IntField()
    attempts = fields.IntField()
    failed_at = fields.DatetimeField()
    retry_at = fields.DatetimeField()
    error = fields.TextField()

    class Meta:
        table = "worker_failures"
        unique_together = (("step", "account_id", "item_id", "position"),)
