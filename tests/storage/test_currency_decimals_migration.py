"""The migration to the decimals of ISO 4217: what it multiplies, what it leaves, and when it changes nothing.

Seen to fail when: a column, a line, a member of a payload or a currency is left out; a trigger stays lifted; the sums
are not compared; the books are not; an amount that becomes too large is multiplied; a price in such a currency needs no
`offline`.
"""

import importlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from service.domain.currencies import RESCALED_CURRENCIES, rescaling_factor
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.audit import audit
from service.operations.resources import Resources
from service.storage.audit import Finding
from service.storage.database import Database
from service.storage.migrations import MigrationRefused, migrate, pending
from tests.books import assert_books_balance
from tests.former_release import IRAQ, IRAQ_TEST, MIGRATION, SERBIA, Former

FACTORS = {code: rescaling_factor(code) for code in RESCALED_CURRENCIES}
TABLES = (
    *("accounts", "account_heads", "prices", "quotes", "quote_lines", "quote_holds", "orders", "order_lines"),
    *("credit_entries", "credit_batches", "backorders", "balances", "ledger_entries", "payments", "invoices"),
    *("invoice_lines", "events"),
)
PARENTS = {
    "quote_lines": ("quotes", "quote_id"),
    "order_lines": ("orders", "order_id"),
    "invoice_lines": ("invoices", "invoice_id"),
}

Rows = dict[str, list[dict[str, Any]]]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url)
    try:
        yield database
    finally:
        await database.close()


async def rows_in(url: str) -> Rows:
    """Return every row of the tables, payloads as dictionaries, in an order that amounts do not change."""
    async with opened(url) as database:
        rows = {table: [dict(row) for row in await database.reader.fetch(f"SELECT * FROM {table}")] for table in TABLES}
    for found in rows.values():
        for row in found:
            if isinstance(row.get("payload"), str):
                row["payload"] = json.loads(row["payload"])
        found.sort(key=lambda row: [str(row[name]) for name in row if not name.endswith(("_minor", "payload"))])
    return rows


def with_columns_of(before: Rows, after: Rows) -> Rows:
    """Return the rows without the columns that later migrations added."""
    return {
        table: [{name: row[name] for name in before[table][0]} if before[table] else row for row in found]
        for table, found in after.items()
    }


def multiplied(rows: Rows) -> Rows:
    """Return the rows as the migration has to leave them."""
    return {table: [_multiplied(table, row, rows) for row in found] for table, found in rows.items()}


def _multiplied(table: str, row: dict[str, Any], rows: Rows) -> dict[str, Any]:
    if table == "events":
        return {**row, "payload": _times(row["payload"], FACTORS.get(row["payload"].get("currency"), 1))}
    currency = row.get("currency")
    if table in PARENTS:
        parents, name = PARENTS[table]
        (currency,) = (parent["currency"] for parent in rows[parents] if parent["id"] == row[name])
    return _times(row, FACTORS.get(currency, 1))


def _times(row: dict[str, Any], factor: int) -> dict[str, Any]:
    return {
        name: value * factor if name.endswith("_minor") and value is not None else value for name, value in row.items()
    }


async def audited(url: str) -> list[Finding]:
    """Return what `audit` finds, once the books balance."""
    async with opened(url) as database:
        await assert_books_balance(database)
        return await audit(Resources(database, system_clock, uuid7))


async def test_amounts_are_multiplied_and_the_audit_has_no_finding_afterwards(former: Former):
    before = await rows_in(former.url)

    assert (await migrate(former.url, offline=True))[0] == MIGRATION

    after = with_columns_of(before, await rows_in(former.url))
    for table in TABLES:
        assert after[table] == multiplied(before)[table]
    migrated = await audited(former.url)
    assert [(each.check, each.first) for each in migrated if each.deviating] == []
    orders = {row["idempotency_key"]: row for row in after["orders"]}
    assert [orders[key]["total_cost_minor"] for key in ("value", "both", "dollars")] == [150_000, 20_000_000, 999]
    assert orders["value"]["requested_value_minor"] == 150_000
    assert sorted(
        (row["currency"], row["amount_minor"], row["owed_minor"], row["credit_limit_minor"])
        for row in after["balances"]
    ) == [
        ("IQD", 0, 233_000, None),
        ("IQD", 96_000_000, 407_283_000, 10**11),
        ("RSD", 420_000, 9_955_500, 6_000_000),
        ("USD", 0, 999, None),
    ]
    assert await migrate(former.url) == []


async def test_every_event_type_with_an_amount_is_among_the_rows(former: Former):
    rows = await rows_in(former.url)
    members = {name for row in rows["events"] if row["payload"].get("currency") in FACTORS for name in row["payload"]}
    assert {name for name in members if name.endswith("_minor")} == {
        *("total_cost_minor", "paid_minor", "refunded_minor", "amount_minor", "total_minor"),
    }
    for table in TABLES:
        for name in {name for row in rows[table] for name in row if name.endswith("_minor")}:
            assert any(row[name] for row in rows[table]), (table, name)


async def test_no_column_with_an_amount_is_forgotten(former_empty: Former):
    migration = importlib.import_module(f"service.storage.migrations.{MIGRATION}")
    columns = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        if former_empty.postgres
        else "SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table'"
    )
    async with opened(former_empty.url) as database:
        rows = await database.reader.fetch(columns)

    amounts = {(row["table_name"], row["column_name"]) for row in rows if row["column_name"].endswith("_minor")}
    assert amounts == {
        *((table, column) for table, names in migration.AMOUNTS.items() for column in names),
        *((table, column) for table, (column, _, _) in migration.LINES.items()),
    }
    assert migration.FACTORS == FACTORS


STANDING = {
    "events": "actor = 'x'",
    "ledger_entries": "amount_minor = 1",
    "payments": "amount_minor = 1",
    "invoice_lines": "billed_minor = 1",
    "invoices": "total_minor = 1",
    "invoices WHERE status = 'PAID'": "paid_at = NULL, status = 'PENDING'",
}


@pytest.mark.parametrize("place", STANDING)
async def test_what_stood_before_cannot_be_changed_afterwards(former: Former, place: str):
    await migrate(former.url, offline=True)
    table, _, condition = place.partition(" ")
    before = await rows_in(former.url)
    async with opened(former.url) as database:
        for change in (f"UPDATE {table} SET {STANDING[place]} {condition}", f"DELETE FROM {table} {condition}"):
            with pytest.raises(Exception, match=f"{table} is append-only"):
                async with database.transaction() as statements:
                    await statements.execute(change)
    assert await rows_in(former.url) == before


async def test_without_offline_nothing_is_changed(former: Former):
    before = await rows_in(former.url)

    with pytest.raises(MigrationRefused) as refused:
        await migrate(former.url)

    assert str(refused.value) == (
        f"{MIGRATION} changes stored amounts. Stop every process of the service, back the database up, and"
        " run: carbon-orders migrate --offline"
    )
    assert (await pending(former.url))[0] == MIGRATION
    assert await rows_in(former.url) == before


ACCOUNT = """
    INSERT INTO organisations VALUES ('01890a5d-ac96-774b-bcce-b302099a0001', 'O', '2024-01-01 00:00:00+00:00');
    INSERT INTO portfolios VALUES ('01890a5d-ac96-774b-bcce-b302099a0001', NULL, 'p', 'P', '2024-01-01 00:00:00+00:00');
    INSERT INTO accounts (id, organisation_id, name, mode, contract, currency, commission_hundredths, portfolio_id,
        created_at) VALUES ('01890a5d-ac96-774b-bcce-b302099a0001', '01890a5d-ac96-774b-bcce-b302099a0001', 'A', 'live',
        'graphql', '{currency}', 0, '01890a5d-ac96-774b-bcce-b302099a0001', '2024-01-01 00:00:00+00:00');
"""
PRICE = """
    INSERT INTO bundles (id, name, description, offset_type, approach, carbon_permanence, created_at)
        VALUES ('01890a5d-ac96-774b-bcce-b302099a0001', 'B', 'd', 'carbon_removal', 'traditional', 'long_term',
        '2024-01-01 00:00:00+00:00');
    INSERT INTO prices VALUES ('01890a5d-ac96-774b-bcce-b302099a0001', '{currency}', 0, 1000000);
"""


@pytest.mark.parametrize("rows", [ACCOUNT, PRICE], ids=["account", "price"])
async def test_where_another_process_could_write_such_amounts_it_has_to_be_stopped(former_empty: Former, rows: str):
    former_empty.execute(rows.format(currency="LBP"))
    with pytest.raises(MigrationRefused):
        await migrate(former_empty.url)
    assert (await migrate(former_empty.url, offline=True))[0] == MIGRATION


@pytest.mark.parametrize("rows", ["", ACCOUNT, PRICE], ids=["nothing", "account", "price"])
async def test_without_such_currencies_the_database_is_migrated_beside_other_processes(former_empty: Former, rows: str):
    former_empty.execute((rows or "SELECT 1;").format(currency="JPY"))
    assert (await migrate(former_empty.url))[0] == MIGRATION


@pytest.mark.parametrize(
    ("change", "said", "greatest"),
    [
        (
            "UPDATE balances SET amount_minor = 10000000000001 WHERE currency = 'RSD'",
            f"amount_minor of {SERBIA} {SERBIA} is 10000000000001 RSD.",
            "10000000000000",
        ),
        (
            "UPDATE balances SET credit_limit_minor = 1000000000001 WHERE currency = 'IQD' AND credit_limit_minor > 0",
            f"credit_limit_minor of {IRAQ} {IRAQ} is 1000000000001 IQD.",
            "1000000000000",
        ),
    ],
)
async def test_an_amount_that_would_become_too_large_is_named_and_nothing_is_changed(
    former: Former,
    change: str,
    said: str,
    greatest: str,
):
    former.execute(change)
    before = await rows_in(former.url)

    with pytest.raises(MigrationRefused) as refused:
        await migrate(former.url, offline=True)

    assert str(refused.value) == (
        f"balances: {said} In the decimals of ISO 4217 the service counts up to {greatest}. Nothing was changed; the"
        " previous release goes on working on this database."
    )
    assert (await pending(former.url))[0] == MIGRATION
    assert await rows_in(former.url) == before


async def test_the_greatest_amount_is_multiplied(former: Former):
    former.execute("UPDATE balances SET credit_limit_minor = 1000000000000 WHERE credit_limit_minor = 100000000")
    await migrate(former.url, offline=True)
    assert {row["credit_limit_minor"] for row in (await rows_in(former.url))["balances"]} == {None, 6_000_000, 10**15}


SHIFTED = f"owed_minor + CASE account_id WHEN '{IRAQ}' THEN 1 WHEN '{IRAQ_TEST}' THEN -1 ELSE 0 END"
SUMS = ("quote_lines", "offset_cost_minor", "offset_cost_minor + 1")
BOOKS = ("balances", "owed_minor", SHIFTED)
"""Places where a trigger makes either of them wrong: a table, a column and the value that it gets."""


@pytest.mark.parametrize("meddling", [SUMS, BOOKS], ids=["sums", "books"])
async def test_a_migration_after_which_rows_deviate_changes_nothing_and_is_applied_later(
    former: Former, meddling: tuple[str, str, str]
):
    before = await rows_in(former.url)
    table, column, wrong = meddling
    if former.postgres is None:
        former.execute(
            "CREATE TRIGGER meddling AFTER UPDATE ON events"
            f" WHEN NEW.account_id = '{IRAQ}' AND NEW.seq = 1 BEGIN UPDATE {table} SET {column} = {wrong}; END;"
        )
    else:
        former.execute(
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" SELECT {wrong} INTO NEW.{column} FROM (SELECT NEW.*) row; RETURN NEW; END $$;"
            f" CREATE TRIGGER meddling BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION meddle();"
        )

    with pytest.raises(RuntimeError, match="amounts deviate after they were multiplied; nothing was changed"):
        await migrate(former.url, offline=True)

    assert (await pending(former.url))[0] == MIGRATION
    assert await rows_in(former.url) == before
    former.execute("DROP TRIGGER meddling" + (f" ON {table}" if former.postgres else ""))
    assert (await migrate(former.url, offline=True))[0] == MIGRATION
    assert with_columns_of(before, await rows_in(former.url)) == multiplied(before)


async def test_books_that_deviated_before_deviate_alike_afterwards(former: Former):
    former.execute("UPDATE balances SET amount_minor = amount_minor + 7 WHERE currency = 'RSD'")
    before = await rows_in(former.url)
    await migrate(former.url, offline=True)
    assert with_columns_of(before, await rows_in(former.url)) == multiplied(before)
