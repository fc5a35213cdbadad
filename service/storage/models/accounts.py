"""Tables of organisations, their accounts, the head of each account's event sequence, and API keys."""

from tortoise import fields
from tortoise.models import Model


class Organisation(Model):
    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "organisations"


class Account(Model):
    """A live account and its test twin share an organisation and nothing else."""

    id = fields.UUIDField(primary_key=True)
    organisation_id = fields.UUIDField()
    parent_account_id = fields.UUIDField(null=True)
    name = fields.TextField()
    name_key = fields.TextField(null=True)
    mode = fields.CharField(max_length=4)
    contract = fields.CharField(max_length=16)
    currency = fields.CharField(max_length=3)
    commission_hundredths = fields.IntField()
    portfolio_id = fields.UUIDField()
    beneficiary_name = fields.TextField(null=True)
    handle = fields.CharField(max_length=64, null=True)
    external_pages_visibility = fields.CharField(max_length=8)
    may_use_balance = fields.BooleanField()
    hold_percent_max = fields.IntField(null=True)
    open_holds_max = fields.IntField(null=True)
    suspended_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "accounts"


class AccountHead(Model):
    """Locked first and raised last by every transaction that writes for the account."""

    account_id = fields.UUIDField(primary_key=True)
    event_seq = fields.BigIntField()

    class Meta:
        table = "account_heads"


class ApiKey(Model):
    key_id = fields.CharField(max_length=32, primary_key=True)
    account_id = fields.UUIDField()
    name = fields.TextField()
    scopes: fields.Field[list[str]] = fields.JSONField()
    digest = fields.CharField(max_length=64)
    secret_check = fields.CharField(max_length=16, null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_keys"


class SecretCheck(Model):
    """The one row that says which secret the keys of this database are digested under, and not the secret."""

    only_row = fields.IntField(primary_key=True, generated=False)
    value = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()

    class Meta:
        table = "secret_checks"
