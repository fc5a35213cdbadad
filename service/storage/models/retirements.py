"""Tables of retirements, entries of registries, and certificates."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.storage.models._columns import FixedCharField, IndexWhere, relation_to


class Retirement(Model):
    """The grams [start_g, end_g) of a batch for one order line; append-only; key (account_id, order_id, position,
    batch_id); unique (batch_id, start_g).
    """

    order: Any = relation_to("Order")
    account: Any = relation_to("Account")
    position = fields.IntField(primary_key=True, generated=False)
    batch: Any = relation_to("CreditBatch")
    start_g = fields.BigIntField()
    end_g = fields.BigIntField()
    retired_at = fields.DatetimeField()

    class Meta:
        table = "retirements"
        unique_together = (("account", "order", "position", "batch"), ("batch", "start_g"))


class Certificate(Model):
    """A certificate: issued once with the order's completion, never edited, and given its PDF once; key (account_id,
    order_id); unique token.
    """

    order: Any = fields.OneToOneField("storage.Order", related_name=False, primary_key=True, db_constraint=False)
    account: Any = relation_to("Account")
    due_at = fields.DatetimeField()
    number = fields.CharField(max_length=17, null=True)
    token = fields.CharField(max_length=43, null=True, unique=True)
    facts = fields.TextField(null=True)
    sha256 = fields.CharField(max_length=64, null=True)
    pdf = fields.BinaryField(null=True)
    issued_at = fields.DatetimeField(null=True)

    class Meta:
        table = "certificates"
        unique_together = (("account", "order"), ("account", "number"))
        indexes = (
            IndexWhere(fields=("due_at",), name="certificates_undrawn", where="pdf IS NULL"),
            IndexWhere(
                fields=("account_id", "issued_at", "order_id"),
                name="certificates_by_issue",
                where="issued_at IS NOT NULL",
            ),
        )


class RegistryRetirement(Model):
    """An entry of a registry that shows credits of a batch as retired; append-only; an entry that replaces another one
    names it in `corrects`.
    """

    id = fields.UUIDField(primary_key=True)
    reference = fields.CharField(max_length=200, unique=True)
    fingerprint = FixedCharField(max_length=64)
    batch: Any = relation_to("CreditBatch")
    account: Any = relation_to("Account", null=True)
    order: Any = relation_to("Order", null=True)
    start_g = fields.BigIntField()
    end_g = fields.BigIntField()
    retired_on = fields.DateField()
    retirement_id = fields.TextField(null=True)
    url = fields.TextField(null=True)
    beneficiary_name = fields.TextField(null=True)
    corrects: Any = fields.OneToOneField(
        "storage.RegistryRetirement", related_name=False, on_delete=fields.RESTRICT, null=True, db_constraint=False
    )
    created_at = fields.DatetimeField()

    class Meta:
        table = "registry_retirements"
        indexes = (Index(fields=("batch_id", "start_g"), name="registry_retirements_of_batch"),)


class RetirementCertificate(Model):
    """A certificate of entries of registries for all credits of an order, given its PDF once; key (account_id,
    order_id, version).
    """

    account: Any = relation_to("Account")
    order: Any = relation_to("Order")
    version = fields.IntField(primary_key=True, generated=False)
    number = fields.CharField(max_length=17)
    facts = fields.TextField()
    sha256 = FixedCharField(max_length=64)
    pdf = fields.BinaryField(null=True)
    issued_at = fields.DatetimeField()

    class Meta:
        table = "retirement_certificates"
        unique_together = (("account", "order", "version"), ("account", "number"))
        indexes = (IndexWhere(fields=("issued_at",), name="retirement_certificates_undrawn", where="pdf IS NULL"),)
