"""Logos of accounts, and their public pages. The SQL lies beside this file."""

from tortoise.migrations.migration import Migration as TortoiseMigration

from service.storage.migrations._script import SqlFile


class Migration(TortoiseMigration):
    dependencies = [("storage", "0028_event_seals")]  # noqa: RUF012 - Tortoise's way to declare them
    operations = [SqlFile(__file__)]  # noqa: RUF012
