"""The check value of the secret: one row, by which a process learns that its secret is the database's."""

from datetime import datetime

from service.storage import models
from service.storage.database import Statements

_TABLE = models.SecretCheck._meta.db_table  # noqa: SLF001 - Tortoise's public way to it


async def value(statements: Statements) -> str | None:
    """Return the check value, or None if no secret was ever confirmed."""
    rows = await models.SecretCheck.filter(only_row=1).using_db(statements.client).values("value")
    return rows[0]["value"] if rows else None


async def any_keys(statements: Statements) -> bool:
    """Return True if the database holds an API key."""
    return await models.ApiKey.all().using_db(statements.client).exists()


async def add(statements: Statements, check_value: str, created_at: datetime) -> None:
    """Write the check value unless there is one."""
    await statements.execute(
        f"INSERT INTO {_TABLE} (only_row, value, created_at) VALUES (1, $1, $2) ON CONFLICT (only_row) DO NOTHING",
        check_value,
        created_at,
    )


async def replace(statements: Statements, former: str, check_value: str, created_at: datetime) -> None:
    """Write the check value in place of the former one; change nothing if that is another by now."""
    await statements.execute(
        f"UPDATE {_TABLE} SET value = $2, created_at = $3 WHERE only_row = 1 AND value = $1",
        former,
        check_value,
        created_at,
    )
