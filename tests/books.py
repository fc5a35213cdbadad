"""The audit's checks, for tests that end with them, and the rows of a table as values."""

from collections.abc import Collection, Iterable
from typing import Any

from service.storage import orders
from service.storage.audit import CHECKS, Check, find
from service.storage.conditions import Conditions
from service.storage.database import Database, Statements
from service.storage.tables import Table

CORE = {
    "balance-limit",
    "balance-owed",
    "balance-prepaid",
    "batch-given",
    "batch-held",
    "batch-retired",
    "batch-sum",
    "cash-account",
    "event-gap",
    "invoice-lines",
    "journal-sum",
    "line-given",
    "line-waits",
    "order-certified",
    "order-costs",
    "order-ledger",
    "order-lines",
    "order-retired",
    "order-status",
    "order-status-told",
    "order-total",
    "order-totals",
}
"""Ids of the checks that hold at the end of every test. Tests that store single rows break others, such as those of
references, and those of rows that are refused today but may be from before: vintages, rising prices, double serials.
"""
MADE_UP = "0" * 64
"""Fingerprint of orders that tests store as rows (`makers.make_order`): without lines, journals and events."""


async def rows_of(database: Database, table: Table[Any]) -> list[Any]:
    """Every row of the table, as values."""
    conditions = Conditions()
    conditions.add("1 = 1")
    return await table.select(database.reader, conditions)


async def assert_books_balance(database: Database) -> None:
    """Assert that no gram, no minor unit, no place in a queue and no event is lost, made up or counted twice. Accounts
    that have orders which were stored as rows are left out.
    """
    await assert_rows_balance(database.reader)


async def assert_rows_balance(statements: Statements) -> None:
    """Do as assert_books_balance for the database that `statements` read; of these, `fetch` is called."""
    made_up = await _accounts_with_made_up_orders(statements)
    await _assert_holds(statements, [check for check in CHECKS if check.id in CORE], made_up)


async def assert_audit_finds_nothing(database: Database) -> None:
    """Assert that every check of the audit holds."""
    await _assert_holds(database.reader, CHECKS, frozenset())


async def _assert_holds(statements: Statements, checks: Iterable[Check], left_out: Collection[str | None]) -> None:
    broken = {}
    for check in checks:
        _, keys = await find(statements, check)
        if rows := [f"{account} {row}" for account, row in keys if account not in left_out]:
            broken[check.id] = rows
    assert not broken, broken


async def _accounts_with_made_up_orders(statements: Statements) -> set[str | None]:
    rows = await statements.fetch(
        f"SELECT DISTINCT account_id FROM {orders.ORDERS.name} WHERE fingerprint = $1", MADE_UP
    )
    return {str(row["account_id"]) for row in rows}
