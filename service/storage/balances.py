"""Prepaid balances, as rows; a CHECK constraint keeps each at zero or above.

Locked after account heads and orders and before batches, and in the order of account and currency.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from service.storage import models
from service.storage.conditions import Conditions
from service.storage.database import Statements
from service.storage.dialects import for_update, typed_rows
from service.storage.tables import Table


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """What an account has prepaid in one currency."""

    account_id: UUID
    currency: str
    amount_minor: int


BALANCES = Table(models.Balance, BalanceRow)

PayerBalance = tuple[UUID, str]
"""Whose balance, and in which currency."""


async def lock(statements: Statements, payer_balances: Collection[PayerBalance]) -> dict[PayerBalance, int]:
    """What is in each balance, in minor units; they stay as they are until the transaction ends. One that was never
    filled is absent: it may come into being meanwhile.
    """
    if not payer_balances:
        return {}
    rows = await statements.fetch(
        f"SELECT {BALANCES.column_list} FROM {BALANCES.name} WHERE (account_id, currency) IN"
        f" (VALUES {typed_rows(statements, ('uuid', 'varchar'), len(payer_balances))})"
        f" ORDER BY account_id, currency{for_update(statements)}",
        *(cell for payer_balance in payer_balances for cell in payer_balance),
    )
    return {(row["account_id"], row["currency"]): row["amount_minor"] for row in rows}


async def move(statements: Statements, changes: Mapping[PayerBalance, int]) -> None:
    """Each balance has so much more, or less. Raises if any would fall below zero, which locking it before and reading
    what is in it makes impossible.
    """
    for (account_id, currency), change_minor in sorted(changes.items()):
        if change_minor > 0:
            await statements.execute(
                f"INSERT INTO {BALANCES.name} (account_id, currency, amount_minor) VALUES ($1, $2, $3)"
                f" ON CONFLICT (account_id, currency)"
                f" DO UPDATE SET amount_minor = {BALANCES.name}.amount_minor + excluded.amount_minor",
                account_id,
                currency,
                change_minor,
            )
        elif change_minor < 0:
            # No upsert: PostgreSQL checks the row that would be inserted, which a negative amount never passes.
            changed = await statements.execute(
                f"UPDATE {BALANCES.name} SET amount_minor = amount_minor - $3"
                f" WHERE account_id = $1 AND currency = $2 AND amount_minor >= $3",
                account_id,
                currency,
                -change_minor,
            )
            if changed != 1:
                raise RuntimeError("a balance held less than was locked")


async def of_account(statements: Statements, account_id: UUID) -> list[BalanceRow]:
    """The account's balances that were ever filled, by currency."""
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    return await BALANCES.select(statements, conditions, "ORDER BY currency")
