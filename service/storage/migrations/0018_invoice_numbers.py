"""Numbers of invoices without gaps, and seller and payer as each invoice names them. The SQL lies beside this file."""

from tortoise.migrations.migration import Migration as TortoiseMigration

from service.storage.migrations._script import SqlFile


class Migration(TortoiseMigration):
    dependencies = [("storage", "0017_sellers")]  # noqa: RUF012 - Tortoise's way to declare them
    operations = [SqlFile(__file__)]  # noqa: RUF012
