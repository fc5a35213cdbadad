"""Audit: silent about books that add up, and bounded in what it shows of books that do not. What each check finds is in
test_audit_corruptions.py.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from service.domain.order import Order, OrderStatus, Source
from service.operations.audit import audit
from service.operations.quote_order import quote_order
from service.storage.audit import CHECKS, Finding
from service.storage.database import Database
from tests.makers import TONNE_G, make_order, make_order_request, make_price, store
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(database: Database) -> Shop:
    """Without the check of the books that other tests end with: here they are spoilt."""
    return await open_shop(database)


@pytest.fixture
async def order(shop: Shop) -> Order:
    """An order with credits, and one that waits for most of its own."""
    placed = await shop.place(make_order_request(TONNE_G))
    await shop.place(make_order_request(40 * TONNE_G))
    return placed


async def deviating(shop: Shop) -> dict[str, Finding]:
    return {finding.check: finding for finding in await audit(shop.resources) if finding.deviating}


async def plant(shop: Shop, *statements: str) -> None:
    """Says the statements with the database's own guards off: audit is for the day on which those did not hold."""
    async with shop.database.transaction() as session:
        if session.dialect == "sqlite":
            await session.execute("PRAGMA ignore_check_constraints = ON")
            for row in await session.fetch("SELECT name AS trigger_name FROM sqlite_master WHERE type = 'trigger'"):
                await session.execute(f"DROP TRIGGER {row['trigger_name']}")
        else:
            await session.execute("SET LOCAL session_replication_role = replica")
            for row in await session.fetch(
                "SELECT conrelid::regclass::text AS table_name, conname AS check_name FROM pg_constraint"
                " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            ):
                await session.execute(f"ALTER TABLE {row['table_name']} DROP CONSTRAINT {row['check_name']}")
        for sql in statements:
            assert await session.execute(sql), sql


@pytest.fixture
def postgresql_url(postgresql_copy_url: str) -> str:
    """A database of the test's own: its constraints are dropped."""
    return postgresql_copy_url


async def test_an_empty_database_has_nothing_to_find(shop: Shop):
    findings = await audit(shop.resources)

    assert [finding.name for finding in findings] == [check.name for check in CHECKS]
    assert not any(finding.deviating or finding.first for finding in findings)


async def test_books_that_the_service_kept_add_up(shop: Shop, order: Order):
    await quote_order(shop.resources, shop.caller, make_order_request(1_000), valid_ms=60_000)

    told: list[str] = []
    findings = await audit(shop.resources, lambda finding: told.append(finding.name))

    assert [finding.name for finding in findings if finding.deviating] == []
    assert told == [check.name for check in CHECKS]
    assert {finding.check: finding.rows for finding in findings}["line-given"] == 4


def test_no_check_compares_each_row_with_all_others_of_its_account(sqlite_template: Path):
    """They would take hours where an account has many. Only heads have one row of events each, their number."""
    with closing(sqlite3.connect(sqlite_template)) as connection:
        plans = {
            check.id: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {check.deviating}")]
            for check in CHECKS
            if isinstance(check.deviating, str)
        }

    joined = {name: [step for step in plan if step.endswith("LEFT-JOIN")] for name, plan in plans.items()}
    assert {
        name for name, steps in joined.items() if any("SCAN" in step or "(account_id=?)" in step for step in steps)
    } == {"event-gap"}


async def test_overlapping_and_parted_intervals_are_found(shop: Shop, order: Order):
    interval = (
        "INSERT INTO retirements (account_id, order_id, position, batch_id, start_g, end_g, retired_at) VALUES"
        f" ('{shop.account.id}', '{order.id}', {{}}, '{shop.old.id}', {{}}, {{}}, '2026-01-01 00:00:00.000000+00:00')"
    )
    await plant(
        shop,
        f"UPDATE credit_batches SET retired_g = 20, allocated_g = allocated_g - 20 WHERE id = '{shop.old.id}'",
        f"UPDATE orders SET retired_g = 20 WHERE id = '{order.id}'",
        interval.format(0, 0, 10),
        interval.format(1, 5, 15),
    )

    assert "batch-retired" in await deviating(shop)


async def test_an_order_that_costs_less_than_its_lines_is_found(shop: Shop, order: Order):
    lines = await shop.lines(order)
    assert (order.offset_cost_minor, [line.offset_cost_minor for line in lines]) == (2_539, [1_289, 1_250])
    cheaper = "UPDATE orders SET offset_cost_minor = {0}, total_cost_minor = {0} + commission_minor WHERE id = '{1}'"

    # Three roundings by half a minor unit are no finding; a whole minor unit more is.
    await plant(shop, cheaper.format(2_538, order.id))
    assert "order-costs" not in await deviating(shop)

    await plant(shop, cheaper.format(2_537, order.id))
    assert (await deviating(shop))["order-costs"].first == (f"{shop.account.id} {order.id}",)


async def test_free_orders_of_history_and_undone_ones_are_no_finding(shop: Shop):
    undone = {"source": Source.GRAPHQL, "status": OrderStatus.CANCELLED, "offset_cost_minor": 0}
    await store(shop.database, make_order(shop.account, offset_cost_minor=0), make_order(shop.account, **undone))

    assert "order-costs" not in await deviating(shop)


async def test_a_tier_that_rises_in_one_currency_is_named_once(shop: Shop):
    steps = [(20, "12"), (30, "13"), (40, "14"), (50, "13.5")]
    await store(shop.database, *(make_price(shop.forest, price, "SAR", tonnes * TONNE_G) for tonnes, price in steps))

    found = (await deviating(shop))["price-tiers"]
    assert (found.deviating, found.first) == (1, (f"{shop.forest.id} SAR",))


async def test_no_more_than_ten_keys_are_shown_and_all_are_counted(shop: Shop):
    for _ in range(12):
        await shop.place(make_order_request(1_000))
    await plant(shop, "UPDATE orders SET paid_minor = 1")

    found = (await deviating(shop))["order-ledger"]
    assert (found.deviating, len(found.first)) == (12, 10)
    assert list(found.first) == sorted(found.first)
