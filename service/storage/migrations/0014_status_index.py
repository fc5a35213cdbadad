"""Index of orders by account and status. The SQL lies beside this file."""

from tortoise.migrations.migration import Migration as TortoiseMigration

from service.storage.migrations._script import SqlFile


class Migration(TortoiseMigration):
    dependencies = [("storage", "0013_life_of_orders")]  # noqa: RUF012 - Tortoise's way to declare them
    operations = [SqlFile(__file__)]  # noqa: RUF012
