"""Tables of goods: projects, credit batches, bundles, prices, portfolios."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.storage.models._columns import IndexWhere, relation_to


class ProjectCategory(Model):
    """A kind of projects, by its unique name."""

    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()

    class Meta:
        table = "project_categories"
        unique_together = (("name",),)


class Project(Model):
    """A climate project whose credits are sold; its slug is unique."""

    id = fields.UUIDField(primary_key=True)
    category: Any = relation_to("ProjectCategory")
    slug = fields.CharField(max_length=100, unique=True)
    name = fields.TextField()
    name_key = fields.TextField(null=True)
    project_type = fields.TextField()
    country = fields.CharField(max_length=3)
    registry_name = fields.TextField()
    description = fields.TextField()
    logo_url = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    registry_project_id = fields.TextField(null=True)
    methodology = fields.TextField(null=True)
    offset_type = fields.CharField(max_length=24, null=True)
    storage_years = fields.IntField(null=True)
    public_url = fields.TextField(null=True)

    class Meta:
        table = "projects"


class CreditBatch(Model):
    """Grams issued under one project and vintage: `issued = available + held + allocated + retired`, always."""

    id = fields.UUIDField(primary_key=True)
    project: Any = relation_to("Project")
    mode = fields.CharField(max_length=4)
    vintage = fields.IntField()
    serial_prefix = fields.TextField()
    serial_start = fields.BigIntField()
    issued_g = fields.BigIntField()
    available_g = fields.BigIntField()
    held_g = fields.BigIntField()
    allocated_g = fields.BigIntField()
    retired_g = fields.BigIntField()
    reference = fields.CharField(max_length=200, null=True, unique=True)
    created_at = fields.DatetimeField()
    serial_form = fields.CharField(max_length=16)
    serial_layout = fields.CharField(max_length=8)
    serial_joiner = fields.TextField()
    serial_suffix = fields.TextField()
    serial_width = fields.IntField()
    period_end = fields.DateField(null=True)
    credit_status = fields.CharField(max_length=8)
    registry_reference = fields.TextField(null=True)
    period_start = fields.DateField(null=True)
    article6_authorisation = fields.TextField(null=True)
    labels: fields.Field[list[str]] = fields.JSONField()
    withdrawn_at = fields.DatetimeField(null=True)
    withdrawal_reason = fields.TextField(null=True)

    class Meta:
        table = "credit_batches"
        indexes = (
            IndexWhere(
                fields=("project_id", "mode", "vintage", "id"), name="credit_batches_in_stock", where="available_g > 0"
            ),
        )


class SerialSeries(Model):
    """Key (mode, series_key); the row is locked while credits of the series are received."""

    mode = fields.CharField(max_length=4, primary_key=True)
    series_key = fields.TextField()

    class Meta:
        table = "serial_series"
        unique_together = (("mode", "series_key"),)


class SerialClaim(Model):
    """Key (batch_id, series_key, first_number, is_reading): credits of a series that a batch contains."""

    batch: Any = relation_to("CreditBatch")
    mode = fields.CharField(max_length=4)
    series_key = fields.TextField()
    first_number = fields.BigIntField(primary_key=True, generated=False)
    last_number = fields.BigIntField()
    is_reading = fields.BooleanField()

    class Meta:
        table = "serial_claims"
        unique_together = (("batch", "series_key", "first_number", "is_reading"),)
        indexes = (Index(fields=("mode", "series_key", "first_number"), name="serial_claims_in_series"),)


class Bundle(Model):
    """A set of projects that is priced and ordered as one, until it is disabled; its slug is unique."""

    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    name_key = fields.TextField(null=True)
    description = fields.TextField()
    offset_type = fields.CharField(max_length=24)
    approach = fields.CharField(max_length=16)
    carbon_permanence = fields.CharField(max_length=16)
    primary_image_url = fields.TextField(null=True)
    background_colour = fields.CharField(max_length=7, null=True)
    slug = fields.CharField(max_length=100, null=True, unique=True)
    disabled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "bundles"


class BundleProject(Model):
    """Key (bundle_id, project_id)."""

    bundle_id = fields.UUIDField(primary_key=True)
    project: Any = relation_to("Project")

    class Meta:
        table = "bundle_projects"
        unique_together = (("bundle_id", "project"),)
        indexes = (Index(fields=("project_id", "bundle_id"), name="bundle_projects_of_project"),)


class Price(Model):
    """One tier: key (bundle_id, currency, minimum_mass_g)."""

    bundle: Any = relation_to("Bundle")
    currency = fields.CharField(max_length=3)
    minimum_mass_g = fields.BigIntField(primary_key=True, generated=False)
    unit_price_micros = fields.BigIntField()

    class Meta:
        table = "prices"
        unique_together = (("bundle", "currency", "minimum_mass_g"),)


class Portfolio(Model):
    """Weighted bundles; shared by all accounts, or of one account."""

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account", null=True)
    identifier = fields.CharField(max_length=64)
    label = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "portfolios"
        indexes = (
            IndexWhere(fields=("identifier",), name="portfolios_shared", where="account_id IS NULL", is_unique=True),
            IndexWhere(
                fields=("account_id", "identifier"),
                name="portfolios_own",
                where="account_id IS NOT NULL",
                is_unique=True,
            ),
        )


class PortfolioWeight(Model):
    """Key (portfolio_id, bundle_id); the weights of a portfolio sum to 10,000 hundredths of a percent."""

    portfolio_id = fields.UUIDField(primary_key=True)
    bundle: Any = relation_to("Bundle")
    position = fields.IntField()
    hundredths = fields.IntField()

    class Meta:
        table = "portfolio_weights"
        unique_together = (("portfolio_id", "bundle"),)
