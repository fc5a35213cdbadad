"""Tables of organisations, their accounts, the head of each account's event sequence, and API keys."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.storage.models._columns import FixedCharField, IndexWhere, relation_to


class Organisation(Model):
    """A customer as a firm: the owner of one live account and its test twin, and of their client accounts."""

    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    reference = fields.TextField(null=True)
    fingerprint = FixedCharField(max_length=64, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "organisations"
        indexes = (
            IndexWhere(fields=("reference",), name="organisations_once", where="reference IS NOT NULL", is_unique=True),
        )


class Account(Model):
    """A live or a test account. The two share only their organisation."""

    id = fields.UUIDField(primary_key=True)
    organisation: Any = relation_to("Organisation")
    parent_account: Any = relation_to("Account", null=True)
    name = fields.TextField()
    name_key = fields.TextField(null=True)
    mode = fields.CharField(max_length=4)
    contract = fields.CharField(max_length=16)
    currency = fields.CharField(max_length=3)
    commission_hundredths = fields.IntField()
    portfolio: Any = relation_to("Portfolio")
    beneficiary_name = fields.TextField(null=True)
    handle = fields.CharField(max_length=64, null=True)
    external_pages_visibility = fields.CharField(max_length=8)
    may_use_balance = fields.BooleanField()
    hold_percent_max = fields.IntField(null=True)
    open_holds_max = fields.IntField(null=True)
    logo_sha256 = FixedCharField(max_length=64, null=True)
    suspended_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "accounts"
        unique_together = (("parent_account", "handle"),)
        indexes = (
            IndexWhere(fields=("parent_account_id",), name="accounts_of_parent", where="parent_account_id IS NOT NULL"),
            IndexWhere(fields=("id",), name="accounts_without_name_key", where="name_key IS NULL"),
        )


class AccountHead(Model):
    """Number of an account's last event; every transaction that writes for the account locks it first and updates it
    last.
    """

    account: Any = fields.OneToOneField("storage.Account", related_name=False, primary_key=True, db_constraint=False)
    event_seq = fields.BigIntField()

    class Meta:
        table = "account_heads"


class ApiKey(Model):
    """A key of an account, without its secret part: `digest` is made from it and from the secret of the service."""

    key_id = fields.CharField(max_length=32, primary_key=True)
    account: Any = relation_to("Account")
    name = fields.TextField()
    scopes: fields.Field[list[str]] = fields.JSONField()
    digest = fields.CharField(max_length=64)
    secret_check = FixedCharField(max_length=16, null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    idempotency_key = fields.TextField(null=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_keys"
        indexes = (
            Index(fields=("account_id", "created_at", "key_id"), name="api_keys_by_creation"),
            IndexWhere(
                fields=("account_id", "idempotency_key"),
                name="api_keys_once",
                where="idempotency_key IS NOT NULL",
                is_unique=True,
            ),
        )


class Contact(Model):
    """A person of a customer who gets mail about its account; key (account_id, email)."""

    account: Any = relation_to("Account")
    email = fields.CharField(max_length=254, primary_key=True)
    name = fields.TextField()
    kinds: fields.Field[list[str]] = fields.JSONField()
    opted_out: fields.Field[list[str]] = fields.JSONField()

    class Meta:
        table = "contacts"
        unique_together = (("account", "email"),)


class SustainabilityPage(Model):
    """The public page of an account; its slug is unique within its mode."""

    account: Any = fields.OneToOneField("storage.Account", related_name=False, primary_key=True, db_constraint=False)
    mode = fields.CharField(max_length=4)
    slug = fields.CharField(max_length=64)
    status = fields.CharField(max_length=8)
    title = fields.CharField(max_length=9)
    description = fields.CharField(max_length=21, null=True)
    custom_description = fields.TextField(null=True)
    sections: fields.Field[list[str]] = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "sustainability_pages"
        unique_together = (("mode", "slug"),)


class SecretCheck(Model):
    """A single row with the check value of the secret under which the keys of this database are digested; it does not
    reveal the secret.
    """

    only_row = fields.IntField(primary_key=True, generated=False)
    value = FixedCharField(max_length=64)
    created_at = fields.DatetimeField()

    class Meta:
        table = "secret_checks"
