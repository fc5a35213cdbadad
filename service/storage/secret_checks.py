"""The check value of the secret: a single row, by which a process finds out if its secret is the database's."""

from dataclasses import dataclass
from datetime import datetime

from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table


@dataclass(frozen=True, slots=True)
class SecretCheckRow:
    """The check value and the time since which it is the database's; `only_row` is 1."""

    only_row: int
    value: str
    created_at: datetime


SECRET_CHECKS = Table(models.SecretCheck, SecretCheckRow)


async def value(statements: Statements) -> str | None:
    """Return the check value, or None if no secret was ever confirmed."""
    found = await SECRET_CHECKS.read_first(statements, models.SecretCheck.filter(only_row=1))
    return found.value if found else None


async def any_keys(statements: Statements) -> bool:
    """Return True if the database holds an API key."""
    return await models.ApiKey.all().using_db(statements.client).exists()


async def add(statements: Statements, check_value: str, created_at: datetime) -> None:
    """Write the check value unless there is one."""
    await SECRET_CHECKS.insert(statements, [SecretCheckRow(1, check_value, created_at)])


async def replace(statements: Statements, former: str, check_value: str, created_at: datetime) -> None:
    """Replace the former check value; change nothing if the stored one is different by now."""
    changes = {"value": check_value, "created_at": created_at}
    await SECRET_CHECKS.update(statements, changes, only_row=1, value=former)
