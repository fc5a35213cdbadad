"""Webhook endpoints, their cursors in the accounts' events, and deliveries. The SQL lies beside this file."""

from tortoise.migrations.migration import Migration as TortoiseMigration

from service.storage.migrations._script import SqlFile


class Migration(TortoiseMigration):
    dependencies = [("storage", "0022_certificate_pdfs")]  # noqa: RUF012 - Tortoise's way to declare them
    operations = [SqlFile(__file__)]  # noqa: RUF012
