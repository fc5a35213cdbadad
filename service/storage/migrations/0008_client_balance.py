"""Permission of client accounts to pay from their parent's balance. The SQL lies beside this file."""

from tortoise.migrations.migration import Migration as TortoiseMigration

from service.storage.migrations._script import SqlFile


class Migration(TortoiseMigration):
    dependencies = [("storage", "0007_serials")]  # noqa: RUF012 - Tortoise's way to declare them
    operations = [SqlFile(__file__)]  # noqa: RUF012
