"""Accounts, catalogue, quotes, orders, money, events: the first release's tables. The SQL lies beside this file."""

from tortoise.migrations.migration import Migration as TortoiseMigration

from service.storage.migrations._script import SqlFile


class Migration(TortoiseMigration):
    initial = True
    operations = [SqlFile(__file__)]  # noqa: RUF012 - Tortoise's way to declare them
