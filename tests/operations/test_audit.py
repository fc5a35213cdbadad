"""Audit: silent about books that add up, and exact about what does not: each check is shown a deviation planted behind
the service's back, and names it.
"""

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
    return {finding.name: finding for finding in await audit(shop.resources) if finding.deviating}


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
    assert next(finding.rows for finding in findings if "sums of its lines" in finding.name) == 4


PLANTED = {
    "every batch: issued = available + held + allocated + retired": (
        "UPDATE credit_batches SET available_g = available_g + 1 WHERE id = '{old}'",
        "{old}",
    ),
    "every batch: allocated + retired = what orders have of it": (
        "UPDATE credit_batches SET allocated_g = allocated_g - 1, available_g = available_g + 1 WHERE id = '{old}'",
        "{old}",
    ),
    "every batch: held = open holds of quotes": (
        "UPDATE credit_batches SET held_g = held_g + 1, issued_g = issued_g + 1 WHERE id = '{old}'",
        "{old}",
    ),
    "every batch: retired intervals meet without gap or overlap": (
        "UPDATE credit_batches SET retired_g = 1, allocated_g = allocated_g - 1 WHERE id = '{old}'",
        "{old}",
    ),
    "every order line: fulfilled = given - returned": (
        "UPDATE credit_entries SET mass_g = mass_g + 1 WHERE order_id = '{order}' AND batch_id = '{old}'",
        "{account} {order}",
    ),
    "every order: mass and fulfilled = the sums of its lines": (
        "UPDATE orders SET mass_g = mass_g + 1 WHERE id = '{order}'",
        "{account} {order}",
    ),
    "every order: retired = its retired intervals": (
        "UPDATE orders SET retired_g = 5 WHERE id = '{order}'",
        "{account} {order}",
    ),
    "every order: complete = certified or about to be": (
        (
            "INSERT INTO certificates (account_id, order_id, due_at)"
            " SELECT account_id, id, created_at FROM orders WHERE id = '{order}'"
        ),
        "{account} {order}",
    ),
    "every order line: what is missing waits in the queue": (
        "UPDATE backorders SET waiting_g = waiting_g + 1 WHERE bundle_id = '{forest}'",
        "{account} {waiting}",
    ),
    "every journal sums to zero": (
        "UPDATE ledger_entries SET amount_minor = 1 WHERE order_id = '{order}' AND ledger_account = 'sales'",
        "{account} {journal}",
    ),
    "every order: owed and earned as the ledger says": (
        "UPDATE orders SET paid_minor = 1 WHERE id = '{order}'",
        "{account} {order}",
    ),
    "every balance: what the ledger owes the customer": (
        "UPDATE balances SET amount_minor = amount_minor + 1 WHERE account_id = '{account}' AND currency = 'USD'",
        "{account} USD",
    ),
    "every balance: what the customer owes by the ledger": (
        "UPDATE balances SET owed_minor = owed_minor + 1 WHERE account_id = '{account}' AND currency = 'USD'",
        "{account} USD",
    ),
    "every credit limit: no more is owed, but for what was owed before": (
        "UPDATE balances SET credit_limit_minor = 1 WHERE account_id = '{account}' AND currency = 'USD'",
        "{account} USD",
    ),
    "every account: cash = payments and paid invoices": (
        (
            "INSERT INTO payments (account_id, id, reference, fingerprint, currency, amount_minor, created_at)"
            " SELECT account_id, id, number, fingerprint, currency, 7, created_at FROM orders WHERE id = '{order}'"
        ),
        "{account} USD",
    ),
    "every order: costs at least its lines, and a minor unit": (
        "UPDATE orders SET offset_cost_minor = 0, commission_minor = 0, total_cost_minor = 0 WHERE id = '{order}'",
        "{account} {order}",
    ),
    "every price: never rises with the mass": (
        (
            "INSERT INTO prices (bundle_id, currency, minimum_mass_g, unit_price_micros)"
            " SELECT bundle_id, currency, 100000000, unit_price_micros + 1 FROM prices"
            " WHERE bundle_id = '{forest}' AND currency = 'USD'"
        ),
        "{forest} USD",
    ),
    "every account: events 1 to head without a gap": (
        "DELETE FROM events WHERE account_id = '{account}' AND seq = 2",
        "{account}",
    ),
    "every batch: no serial of it is another batch's": (
        (
            "UPDATE serial_claims SET series_key = (SELECT series_key FROM serial_claims WHERE batch_id = '{old}'"
            " AND NOT is_reading) WHERE batch_id = '{young}'"
        ),
        "{young}",
    ),
    "every batch: no serial of it reads as a range of another's": (
        (
            "UPDATE credit_batches SET serial_layout = 'range', serial_joiner = '-' WHERE id = '{old}';"
            " INSERT INTO serial_claims (batch_id, mode, series_key, first_number, last_number, is_reading)"
            " SELECT '{young}', mode, series_key, 1, 1, TRUE FROM serial_claims WHERE batch_id = '{old}'"
        ),
        "{young}",
    ),
    "every batch: its serials can be read in one way only": (
        "UPDATE credit_batches SET serial_prefix = 'VCS-9' WHERE id = '{old}'",
        "{old}",
    ),
    "every batch: claims its serials and no others": (
        "UPDATE serial_claims SET last_number = last_number + 1 WHERE batch_id = '{old}'",
        "{old}",
    ),
    "every certificate: states the serials that its order retired": (
        (
            "INSERT INTO certificates (account_id, order_id, due_at, issued_at, number, token, sha256, facts)"
            " SELECT account_id, id, created_at, created_at, 'CR', 't', '-',"
            ' \'{{"batches": [{{"batch_id": "{old}", "serials": []}}]}}\' FROM orders WHERE id = \'{order}\''
        ),
        "{account} {order}",
    ),
    "every order: its serials were retired from one batch": (
        (
            "UPDATE credit_batches SET serial_prefix = 'VCS-OLD-' WHERE id = '{young}';"
            " UPDATE serial_claims SET series_key = (SELECT series_key FROM serial_claims WHERE batch_id = '{old}')"
            " WHERE batch_id = '{young}';"
            " INSERT INTO retirements (account_id, order_id, position, batch_id, start_g, end_g, retired_at)"
            " SELECT account_id, id, 0, '{old}', 0, 5, created_at FROM orders WHERE id = '{order}';"
            " INSERT INTO retirements (account_id, order_id, position, batch_id, start_g, end_g, retired_at)"
            " SELECT account_id, id, 0, '{young}', 5, 10, created_at FROM orders WHERE id = '{order}'"
        ),
        "{account} {order}",
    ),
    "every batch: its vintage is over": ("UPDATE credit_batches SET vintage = 2199 WHERE id = '{old}'", "{old}"),
    "every order: the credits that it holds may be retired": (
        (
            "UPDATE credit_batches SET vintage = 2199 WHERE id = '{old}';"
            " UPDATE orders SET status = 'COMPLETE' WHERE id = '{waiting}'"
        ),
        "{account} {order}",
    ),
}


def test_each_check_has_a_planted_deviation():
    assert list(PLANTED) == [check.name for check in CHECKS]


@pytest.mark.parametrize("name", PLANTED)
async def test_a_deviation_is_named(shop: Shop, order: Order, name: str):
    assert await deviating(shop) == {}
    (journal,) = await shop.database.reader.fetch(
        "SELECT DISTINCT journal_id FROM ledger_entries WHERE order_id = $1", order.id
    )
    (waiting,) = await shop.database.reader.fetch(
        "SELECT order_id FROM backorders WHERE bundle_id = $1", shop.forest.id
    )
    known = {
        "old": shop.old.id,
        "young": shop.young.id,
        "order": order.id,
        "account": shop.account.id,
        "forest": shop.forest.id,
        "journal": journal["journal_id"],
        "waiting": waiting["order_id"],
    }
    sql, key = PLANTED[name]

    await plant(shop, *sql.format(**known).split("; "))

    found = (await deviating(shop))[name]
    assert (found.deviating, found.first) == (1, (key.format(**known),))


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

    assert set(await deviating(shop)) == {"every batch: retired intervals meet without gap or overlap"}


async def test_an_order_that_costs_less_than_its_lines_is_found(shop: Shop, order: Order):
    lines = await shop.lines(order)
    assert (order.offset_cost_minor, [line.offset_cost_minor for line in lines]) == (2_539, [1_289, 1_250])
    cheaper = "UPDATE orders SET offset_cost_minor = {0}, total_cost_minor = {0} + commission_minor WHERE id = '{1}'"

    # Three roundings by half a minor unit are no finding; a whole minor unit more is.
    await plant(shop, cheaper.format(2_538, order.id))
    assert "every order: costs at least its lines, and a minor unit" not in await deviating(shop)

    await plant(shop, cheaper.format(2_537, order.id))
    assert (await deviating(shop))["every order: costs at least its lines, and a minor unit"].first == (
        f"{shop.account.id} {order.id}",
    )


async def test_free_orders_of_history_and_undone_ones_are_no_finding(shop: Shop):
    undone = {"source": Source.GRAPHQL, "status": OrderStatus.CANCELLED, "offset_cost_minor": 0}
    await store(shop.database, make_order(shop.account, offset_cost_minor=0), make_order(shop.account, **undone))

    assert "every order: costs at least its lines, and a minor unit" not in await deviating(shop)


async def test_a_tier_that_rises_in_one_currency_is_named_once(shop: Shop):
    steps = [(20, "12"), (30, "13"), (40, "14"), (50, "13.5")]
    await store(shop.database, *(make_price(shop.forest, price, "SAR", tonnes * TONNE_G) for tonnes, price in steps))

    found = (await deviating(shop))["every price: never rises with the mass"]
    assert (found.deviating, found.first) == (1, (f"{shop.forest.id} SAR",))


async def test_no_more_than_ten_keys_are_shown_and_all_are_counted(shop: Shop):
    for _ in range(12):
        await shop.place(make_order_request(1_000))
    await plant(shop, "UPDATE orders SET paid_minor = 1")

    found = (await deviating(shop))["every order: owed and earned as the ledger says"]
    assert (found.deviating, len(found.first)) == (12, 10)
    assert list(found.first) == sorted(found.first)
