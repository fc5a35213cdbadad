"""Tables of sellers, and of payers as their invoices print them."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from service.storage.models._columns import FixedCharField, relation_to


class Seller(Model):
    """A legal entity that issues invoices; unique identifier."""

    id = fields.UUIDField(primary_key=True)
    identifier = fields.CharField(max_length=64, unique=True)
    legal_name = fields.TextField(null=True)
    address = fields.TextField(null=True)
    country = fields.CharField(max_length=2, null=True)
    tax_number = fields.TextField(null=True)
    registration_number = fields.TextField(null=True)
    bank_name = fields.TextField(null=True)
    bank_account = fields.TextField(null=True)
    bank_code = fields.TextField(null=True)
    payment_days = fields.IntField()
    payment_terms = fields.TextField(null=True)
    footer = fields.TextField(null=True)
    retirement_statement = fields.TextField(null=True)
    logo_sha256 = FixedCharField(max_length=64, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "sellers"


class Logo(Model):
    """A picture by the SHA-256 of its bytes; append-only."""

    sha256 = FixedCharField(max_length=64, primary_key=True, generated=False)
    media_type = fields.CharField(max_length=13)
    content = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "logos"


class BillingDetails(Model):
    """A payer as its invoices print it, and its seller, null for the first seller; key account_id."""

    account: Any = fields.OneToOneField("storage.Account", related_name=False, primary_key=True, db_constraint=False)
    seller: Any = relation_to("Seller", null=True)
    legal_name = fields.TextField(null=True)
    address = fields.TextField(null=True)
    country = fields.CharField(max_length=2, null=True)
    tax_number = fields.TextField(null=True)
    registration_number = fields.TextField(null=True)
    purchase_order = fields.TextField(null=True)

    class Meta:
        table = "billing_details"


class TaxProfile(Model):
    """The tax of a payer's invoices from a day on; key (account_id, valid_from)."""

    account: Any = relation_to("Account")
    valid_from = fields.DateField(primary_key=True)
    category = fields.CharField(max_length=2)
    rate_hundredths = fields.IntField()
    reason = fields.TextField(null=True)
    reason_code = fields.CharField(max_length=32, null=True)

    class Meta:
        table = "tax_profiles"
        unique_together = (("account", "valid_from"),)


class NumberCounter(Model):
    """The last number of a series of documents; key (seller_id, mode, kind, year)."""

    seller: Any = relation_to("Seller")
    mode = fields.CharField(max_length=4)
    kind = fields.CharField(max_length=3)
    year = fields.IntField(primary_key=True, generated=False)
    last_number = fields.BigIntField()

    class Meta:
        table = "number_counters"
        unique_together = (("seller", "mode", "kind", "year"),)
