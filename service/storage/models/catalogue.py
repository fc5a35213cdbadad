"""Tables of goods: projects, credit batches, bundles, prices, portfolios."""

from tortoise import fields
from tortoise.models import Model


class ProjectCategory(Model):
    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()

    class Meta:
        table = "project_categories"


class Project(Model):
    id = fields.UUIDField(primary_key=True)
    category_id = fields.UUIDField()
    slug = fields.CharField(max_length=100)
    name = fields.TextField()
    project_type = fields.TextField()
    country = fields.CharField(max_length=3)
    registry_name = fields.TextField()
    description = fields.TextField()
    logo_url = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "projects"


class CreditBatch(Model):
    """Grams issued under one project and vintage: `issued = available + held + allocated + retired`, always."""

    id = fields.UUIDField(primary_key=True)
    project_id = fields.UUIDField()
    mode = fields.CharField(max_length=4)
    vintage = fields.IntField()
    serial_prefix = fields.TextField()
    serial_start = fields.BigIntField()
    issued_g = fields.BigIntField()
    available_g = fields.BigIntField()
    held_g = fields.BigIntField()
    allocated_g = fields.BigIntField()
    retired_g = fields.BigIntField()
    reference = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()
    serial_form = fields.CharField(max_length=16)
    serial_layout = fields.CharField(max_length=8)
    serial_joiner = fields.TextField()
    serial_suffix = fields.TextField()
    serial_width = fields.IntField()
    period_end = fields.DateField(null=True)
    credit_status = fields.CharField(max_length=8)
    registry_reference = fields.TextField(null=True)

    class Meta:
        table = "credit_batches"


class SerialSeries(Model):
    """Key (mode, series_key); the row is locked while credits of the series are received."""

    mode = fields.CharField(max_length=4, primary_key=True)
    series_key = fields.TextField()

    class Meta:
        table = "serial_series"


class SerialClaim(Model):
    """Key (batch_id, series_key, first_number, is_reading): credits of a series that a batch stands for."""

    batch_id = fields.UUIDField(primary_key=True)
    mode = fields.CharField(max_length=4)
    series_key = fields.TextField()
    first_number = fields.BigIntField()
    last_number = fields.BigIntField()
    is_reading = fields.BooleanField()

    class Meta:
        table = "serial_claims"


class Bundle(Model):
    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    description = fields.TextField()
    offset_type = fields.CharField(max_length=24)
    approach = fields.CharField(max_length=16)
    carbon_permanence = fields.CharField(max_length=16)
    primary_image_url = fields.TextField(null=True)
    background_colour = fields.CharField(max_length=7, null=True)
    slug = fields.CharField(max_length=100, null=True)
    disabled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "bundles"


class BundleProject(Model):
    """Key (bundle_id, project_id)."""

    bundle_id = fields.UUIDField(primary_key=True)
    project_id = fields.UUIDField()

    class Meta:
        table = "bundle_projects"


class Price(Model):
    """One tier: key (bundle_id, currency, minimum_mass_g)."""

    bundle_id = fields.UUIDField(primary_key=True)
    currency = fields.CharField(max_length=3)
    minimum_mass_g = fields.BigIntField()
    unit_price_micros = fields.BigIntField()

    class Meta:
        table = "prices"


class Portfolio(Model):
    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField(null=True)
    identifier = fields.CharField(max_length=64)
    label = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "portfolios"


class PortfolioWeight(Model):
    """Key (portfolio_id, bundle_id); the weights of a portfolio sum to 10,000 hundredths of a percent."""

    portfolio_id = fields.UUIDField(primary_key=True)
    bundle_id = fields.UUIDField()
    position = fields.IntField()
    hundredths = fields.IntField()

    class Meta:
        table = "portfolio_weights"
