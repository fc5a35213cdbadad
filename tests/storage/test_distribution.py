"""Rules that let the tables be placed on several nodes, tested without a cluster. With SERVICE_CITUS_URL the other
tests of PostgreSQL run on one.

Seen to fail when: a unique set of a table of accounts loses its account; a foreign key between two of them names no
account; a lock is added that may name several accounts; the triggers that count rows are not found.
"""

import re
from pathlib import Path

import pytest

from service.storage import models
from service.storage.database import Database
from service.storage.distribution import (
    ON_COORDINATOR,
    ON_EACH_NODE,
    by_account,
    counting_triggers,
    distribute,
)
from service.storage.migrations import MigrationRefused
from tests.conftest import Postgres

STORAGE = Path(__file__).parents[2] / "service" / "storage"
NOT_CHECKED_BY_A_NODE = {("retirements", "batch_id, start_g"), ("certificates", "token")}
LOCKS_OF_ONE_STATEMENT = {
    "accounts.py": 1,  # heads, by lock_groups
    "api_keys.py": 1,  # on each node
    "balances.py": 1,  # by lock_groups
    "batches.py": 3,  # on the coordinator
    "orders.py": 1,  # of one account
    "search_keys.py": 1,  # by lock_groups
    "stock_locks.py": 1,  # on the coordinator
    "supply.py": 4,  # on each node
}
"""How often a file locks rows, each looked at: in a cluster a statement locks rows of one account, or of a table that
is not placed by account.
"""


@pytest.fixture(scope="module")
def unique_sets(postgres_template: Postgres) -> set[tuple[str, str]]:
    rows = postgres_template.execute(
        "SELECT t.relname || ':' || (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(i.indkey)"
        " WITH ORDINALITY AS k (number, place) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number)"
        " FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid"
        " WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace",
        database="migrated_template",
    )
    return {(table, columns) for table, _, columns in (row.partition(":") for row in rows.splitlines())}


def test_every_table_has_one_place() -> None:
    placed = [table._meta.db_table for table in (*ON_EACH_NODE, *ON_COORDINATOR)]

    assert sorted([*placed, *by_account()]) == sorted(getattr(models, name)._meta.db_table for name in models.__all__)


def test_every_unique_set_of_a_table_of_accounts_contains_the_account(unique_sets: set[tuple[str, str]]) -> None:
    of_accounts = {(table, columns) for table, columns in unique_sets if table in by_account()}

    assert {each for each in of_accounts if "account_id" not in each[1].split(", ")} == NOT_CHECKED_BY_A_NODE


def test_every_foreign_key_between_tables_of_accounts_names_the_account(postgres_template: Postgres) -> None:
    rows = postgres_template.execute(
        "SELECT conrelid::regclass || ' ' || confrelid::regclass || ' ' || pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE contype = 'f'",
        database="migrated_template",
    ).splitlines()
    between = [row for row in rows if set(row.split()[:2]) <= set(by_account())]

    assert len(between) >= 10
    assert [
        row for row in between if not re.search(r"FOREIGN KEY \(account_id, .*REFERENCES \w+\(account_id, ", row)
    ] == []


def test_every_lock_is_of_one_account_or_of_a_table_that_is_not_placed_by_account() -> None:
    calls = {
        str(file.relative_to(STORAGE)): len(re.findall(r"(?<!def )\bfor_update\(", file.read_text()))
        for file in STORAGE.rglob("*.py")
    }

    assert {name: count for name, count in calls.items() if count} == LOCKS_OF_ONE_STATEMENT


async def test_triggers_that_count_rows_are_lifted_while_tables_are_placed(postgresql_url: str) -> None:
    database = await Database.open(postgresql_url)
    found = await counting_triggers(database.reader, by_account())
    await database.close()

    assert [(row["table"], row["name"]) for row in found] == [
        ("orders", "orders_counted"),
        ("orders", "orders_recounted"),
    ]


async def test_a_database_without_the_extension_is_refused(postgresql_url: str) -> None:
    with pytest.raises(MigrationRefused, match="has no extension citus"):
        await distribute(postgresql_url)


async def test_a_file_is_refused(sqlite_url: str) -> None:
    with pytest.raises(MigrationRefused, match="An SQLite file cannot be distributed"):
        await distribute(sqlite_url)
