"""Prepaid balances, as rows; a CHECK constraint keeps each at zero or above."""

from dataclasses import dataclass
from uuid import UUID

from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """What an account has prepaid in one currency."""

    account_id: UUID
    currency: str
    amount_minor: int


BALANCES = Table(models.Balance, BalanceRow)


async def add(statements: Statements, account_id: UUID, currency: str, amount_minor: int) -> None:
    """The balance is higher by the amount."""
    if amount_minor == 0:
        return
    await statements.execute(
        f"INSERT INTO {BALANCES.name} (account_id, currency, amount_minor) VALUES ($1, $2, $3)"
        f" ON CONFLICT (account_id, currency)"
        f" DO UPDATE SET amount_minor = {BALANCES.name}.amount_minor + excluded.amount_minor",
        account_id,
        currency,
        amount_minor,
    )
