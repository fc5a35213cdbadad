"""Rows of payers' balances and debts; SQL for locks and for increments.

CHECK constraints keep both at zero or above.

Balances are locked after account heads and orders, before batches, and in the order of account and currency.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from service.domain.credit import PayerFunds
from service.domain.ledger import LedgerAccount
from service.errors import Code, Refused
from service.storage import models
from service.storage.database import Statements
from service.storage.dialects import for_update, lock_groups, typed_rows
from service.storage.tables import Table


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """An account's balance and debt in one currency. `is_funded` is False if it never had a balance.
    `owed_when_limited_minor` is the debt at the time the credit limit was set.
    """

    account_id: UUID
    currency: str
    amount_minor: int
    owed_minor: int
    credit_limit_minor: int | None
    owed_when_limited_minor: int
    is_funded: bool


BALANCES = Table(models.Balance, BalanceRow)
LEDGER_TABLE = models.LedgerEntry._meta.db_table  # noqa: SLF001

PayerBalance = tuple[UUID, str]
"""Key of a balance: the account and the currency."""


async def lock(statements: Statements, payer_balances: Collection[PayerBalance]) -> dict[PayerBalance, PayerFunds]:
    """Lock the balances until the transaction ends, and return their amounts. Balances without a row are absent and not
    locked; another transaction may insert them.
    """
    locked: dict[PayerBalance, PayerFunds] = {}
    for group in lock_groups(statements, payer_balances, account=itemgetter(0)):
        rows = await statements.fetch(
            f"SELECT {BALANCES.column_list} FROM {BALANCES.name} WHERE (account_id, currency) IN"
            f" (VALUES {typed_rows(statements, ('uuid', 'varchar'), len(group))})"
            f" ORDER BY account_id, currency{for_update(statements)}",
            *(cell for payer_balance in group for cell in payer_balance),
        )
        locked |= {(row["account_id"], row["currency"]): funds(BALANCES.value(row)) for row in rows}
    return locked


async def move(statements: Statements, changes: Mapping[PayerBalance, int]) -> None:
    """Add the amounts to the balances; negative ones are subtracted. Raises if any would fall below zero, which cannot
    happen if they were locked and read before.
    """
    for (account_id, currency), change_minor in sorted(changes.items()):
        if change_minor > 0:
            await statements.execute(
                f"INSERT INTO {BALANCES.name} (account_id, currency, amount_minor) VALUES ($1, $2, $3)"
                f" ON CONFLICT (account_id, currency) DO UPDATE"
                f" SET amount_minor = {BALANCES.name}.amount_minor + excluded.amount_minor, is_funded = TRUE",
                account_id,
                currency,
                change_minor,
            )
        elif change_minor < 0:
            # Not an upsert: PostgreSQL checks the constraint on the row to insert, which a negative amount violates.
            changed = await statements.execute(
                f"UPDATE {BALANCES.name} SET amount_minor = amount_minor - $3"
                f" WHERE account_id = $1 AND currency = $2 AND amount_minor >= $3",
                account_id,
                currency,
                -change_minor,
            )
            if changed != 1:
                raise RuntimeError("a balance held less than was locked")


async def owe(statements: Statements, changes: Mapping[PayerBalance, int], *, within_limits: bool) -> None:
    """Add the amounts to the debts; negative ones are subtracted. Without `within_limits` limits are not checked,
    because debts of imported history may exceed them. With it, refuses `UNAVAILABLE` if a limit would be exceeded. The
    caller has locked the balance and checked its limit, so that happens only if the balance had no row to lock and the
    limit was set in the meantime.
    """
    more = [(*key, change) for key, change in sorted(changes.items()) if change > 0]
    if more:
        cells = [cell for each in more for cell in each]
        rows = ", ".join(f"(${3 * n + 1}, ${3 * n + 2}, 0, ${3 * n + 3}, FALSE)" for n in range(len(more)))
        owed = f"{BALANCES.name}.owed_minor + excluded.owed_minor"
        limit = f"{BALANCES.name}.credit_limit_minor"
        changed = await statements.execute(
            f"INSERT INTO {BALANCES.name} (account_id, currency, amount_minor, owed_minor, is_funded) VALUES {rows}"
            f" ON CONFLICT (account_id, currency) DO UPDATE SET owed_minor = {owed}"
            + (f" WHERE {limit} IS NULL OR {owed} <= {limit}" if within_limits else ""),
            *cells,
        )
        if changed != len(more):
            raise Refused(
                Code.UNAVAILABLE,
                "The credit limit of the account is being changed. Try again with the same idempotency key.",
            )
    less = [(*key, -change) for key, change in sorted(changes.items()) if change < 0]
    if less:
        # The result is kept at zero or above, because a process of the previous release, which does not record debts,
        # may be running too. The audit reports a difference; setting a limit recomputes the debt.
        cells = [cell for each in less for cell in each]
        await statements.execute(
            f"UPDATE {BALANCES.name} SET owed_minor = CASE WHEN owed_minor > v.column3 THEN owed_minor - v.column3"
            f" ELSE 0 END FROM (VALUES {typed_rows(statements, ('uuid', 'varchar', 'bigint'), len(less))}) AS v"
            f" WHERE {BALANCES.name}.account_id = v.column1 AND {BALANCES.name}.currency = v.column2",
            *cells,
        )


async def set_credit_limit(statements: Statements, account_id: UUID, currency: str, limit_minor: int | None) -> None:
    """Set the account's credit limit in the currency, None for no limit. Its debt is recomputed from the ledger."""
    await statements.execute(
        f"INSERT INTO {BALANCES.name} (account_id, currency, amount_minor, is_funded) VALUES ($1, $2, 0, FALSE)"
        f" ON CONFLICT DO NOTHING",
        account_id,
        currency,
    )
    await lock(statements, [(account_id, currency)])
    rows = await statements.fetch(
        f"SELECT CAST(coalesce(sum(amount_minor), 0) AS BIGINT) AS owed_minor FROM {LEDGER_TABLE}"
        f" WHERE account_id = $1 AND currency = $2 AND ledger_account = $3",
        account_id,
        currency,
        LedgerAccount.RECEIVABLE,
    )
    await statements.execute(
        f"UPDATE {BALANCES.name} SET owed_minor = $3, owed_when_limited_minor = $3, credit_limit_minor = $4"
        f" WHERE account_id = $1 AND currency = $2",
        account_id,
        currency,
        rows[0]["owed_minor"],
        limit_minor,
    )


async def funds_of(statements: Statements, account_id: UUID) -> dict[str, PayerFunds]:
    """Return the account's balance, debt and limit, by currency, for every currency that it ever used."""
    return {row.currency: funds(row) for row in (await of_accounts(statements, [account_id]))[account_id]}


def funds(row: BalanceRow) -> PayerFunds:
    """Return the amounts of the row."""
    return PayerFunds(row.amount_minor, row.owed_minor, row.credit_limit_minor)


async def of_accounts(statements: Statements, account_ids: Collection[UUID]) -> dict[UUID, list[BalanceRow]]:
    """Return the rows of each account, sorted by currency, including rows that never had a balance (`is_funded`)."""
    found: dict[UUID, list[BalanceRow]] = {account_id: [] for account_id in account_ids}
    query = models.Balance.filter(account_id__in=account_ids).order_by("currency")
    for row in await BALANCES.read(statements, query):
        found[row.account_id].append(row)
    return found
