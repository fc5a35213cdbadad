"""Statements of everyday work cost as much beside 20,000 orders as beside 1,000, with statistics of the tables, with
outdated ones and without any.

The statements are recorded while the service's own operations run, and repeated on tables of both sizes. With
`GROWN_ROWS=200000` the larger tables have 200,000 rows, which takes a minute.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from service.domain.catalogue import Mode
from service.domain.listing import EVERY_ORDER, OrderFilter, OrderRef, OrderSort, OrderSortField
from service.domain.order import FromQuote, OrderStatus
from service.domain.statistics import OrderGrouping
from service.domain.webhooks import Attempt
from service.kit.clock import system_clock, utc_date
from service.kit.ids import uuid7
from service.kit.keyset import PageRequest
from service.operations.cancel_orders import cancel_orders
from service.operations.count_outbound import count_outbound
from service.operations.expire_holds import expire_holds
from service.operations.manage_webhooks import create_endpoint
from service.operations.match_backorders import match_backorders
from service.operations.queue_deliveries import queue_deliveries
from service.operations.queue_mails import queue_mails
from service.operations.quote_order import quote_order
from service.operations.read_mails import expire_mails
from service.operations.read_webhooks import expire_deliveries
from service.operations.refresh_statistics import refresh_statistics
from service.operations.retire_orders import retire_orders
from service.operations.seal_events import seal_events
from service.operations.send_deliveries import Outcome, due_endpoints, lease_deliveries, mark_deliveries
from service.operations.send_mails import Answer, lease_mails, mark_mail, postpone_mails
from service.operations.set_contacts import set_contacts
from service.operations.simulate_order import advance_test_orders
from service.storage import (
    api_keys,
    backorders,
    certificates,
    events,
    order_totals,
    orders,
    registry_retirements,
    search_keys,
)
from service.storage.database import Database
from service.storage.engines.postgresql import PostgresqlStatements
from service.storage.engines.sqlite_statements import SqliteStatements
from service.storage.statistics import group_parts
from tests.grown import Grown, GrownPostgresql, GrownSqlite
from tests.mails import contact
from tests.makers import make_caller, make_order_request
from tests.server import key_for
from tests.shop import Shop, open_shop

FEW, MANY = 1_000, int(os.environ.get("GROWN_ROWS", "20_000"))
GROWTH_MAX = 2

Said = dict[str, tuple[object, ...]]
"""Statements, each with the parameters of its first use."""


@contextmanager
def recorded() -> Iterator[Said]:
    """Record the statements of this process, within."""
    said: Said = {}
    with pytest.MonkeyPatch.context() as patched:
        for kind in (SqliteStatements, PostgresqlStatements):
            for name in ("fetch", "fetch_cells", "execute"):
                patched.setattr(kind, name, _recording(getattr(kind, name), said))
        yield said


def _recording(method: Callable[..., Any], said: Said) -> Callable[..., Any]:
    def record(self: Any, sql: str, *parameters: object) -> Any:
        said.setdefault(sql, parameters)
        return method(self, sql, *parameters)

    return record


async def everyday_work(shop: Shop) -> None:
    """Do what the service does all day: read, order, cancel, retire, and look for work."""
    reader, account_id = shop.database.reader, shop.account.id
    await api_keys.find(reader, "key1")
    await create_endpoint(shop.resources, shop.caller, url="https://receiver.example/hook")
    await set_contacts(shop.resources, shop.caller, [contact("ada@customer.example"), contact("bea@customer.example")])
    placed = await shop.place(make_order_request(1_000), idempotency_key="one")
    await shop.place_all(shop.command(idempotency_key="one"), shop.command(idempotency_key="two"))
    for wanted in (
        EVERY_ORDER,
        OrderFilter(statuses=frozenset({OrderStatus.PLACED})),
        OrderFilter(statuses=frozenset({OrderStatus.PLACED, OrderStatus.RETIRING})),
        OrderFilter(created_from=placed.created_at),
        OrderFilter(created_from=placed.created_at - timedelta(hours=1), created_until=placed.created_at),
    ):
        for field in OrderSortField:
            for descending in (True, False):
                if wanted is not EVERY_ORDER and (field is not OrderSortField.CREATED_AT or not descending):
                    continue
                sort = OrderSort(field, descending)
                first = PageRequest(limit=20)
                await orders.page(reader, account_id, wanted, sort, first)
                at = sort.position(placed)
                await orders.page(reader, account_id, wanted, sort, PageRequest(limit=20, after=at))
        await order_totals.count(reader, account_id, wanted)
        await group_parts(reader, account_id, wanted, OrderGrouping.MONTH, limit=100)
    # Values that many orders have: the page is full after a few. For a rare one all orders of the account are read.
    newest, page = OrderSort(), PageRequest(limit=20)
    for wanted in (
        OrderFilter(bundle_ids=frozenset({shop.forest.id})),
        OrderFilter(project_ids=frozenset({shop.old.project_id, shop.deep.project_id})),
        OrderFilter(portfolio_ids=frozenset({shop.account.portfolio_id})),
        OrderFilter(number=placed.number),
        OrderFilter(text="N"),
    ):
        await orders.page(reader, account_id, wanted, newest, page)
        await orders.page(reader, account_id, wanted, newest, PageRequest(limit=20, after=newest.position(placed)))
    for ref in (OrderRef(id=placed.id), OrderRef(number=placed.number), OrderRef(idempotency_key="one")):
        await orders.find(reader, account_id, ref)
    for read in (orders.lines, orders.entries):
        await read(reader, account_id, [placed.id])
        await read(reader, account_id, [placed.id, uuid7()])
    await events.of_orders(reader, account_id, [placed.id])
    quoted = await quote_order(shop.resources, shop.caller, make_order_request(100), valid_ms=60_000, hold=True)
    await shop.place(FromQuote(quoted.quote.id))
    await cancel_orders(shop.resources, make_caller(shop.account), [OrderRef(id=placed.id)])
    await shop.place(make_order_request(10**9))  # more than there is, so that a line waits
    await retire_orders(shop.resources, after_ms=0, unpaid=True)
    await match_backorders(shop.resources)
    now = system_clock()
    await backorders.matchable(reader, Mode.LIVE, today=utc_date(now), now=now)
    await expire_holds(shop.resources)
    await certificates.due(reader, 10, now=now)
    await registry_retirements.undrawn(reader, 10, now=now)
    await advance_test_orders(shop.resources, after_ms=0)
    for searched in search_keys.SEARCHED:
        await search_keys.lacking(reader, searched, 10, now=now)
    await send_out(shop)


async def send_out(shop: Shop) -> None:
    """Queue webhooks and mails, lease them, and store that some were taken and others not."""
    resources, at = shop.resources, system_clock()
    await queue_deliveries(resources)
    for endpoint in await due_endpoints(resources):
        for status in (500, 200):
            attempt = Attempt(at=at, status=status, latency_ms=1, error=None, excerpt=None)
            leased = await lease_deliveries(resources, endpoint, 1)
            await mark_deliveries(resources, endpoint, [Outcome([each], attempt) for each in leased], lambda: 0)
    await seal_events(resources)
    await queue_mails(resources)
    mail, *others = await lease_mails(resources)
    await mark_mail(resources, mail, Answer("451 busy"), lambda: 0)
    assert others[0].lease_id is not None
    await postpone_mails(resources, others[0].lease_id, timedelta(), "timeout")
    await count_outbound(resources)
    await expire_deliveries(resources)
    await expire_mails(resources, kept=timedelta(days=30))


async def dear(grown: Grown, said: Said, before: dict[str, int], state: str) -> list[str]:
    """Return the statements that cost more than before, with both figures."""
    found = []
    for sql, parameters in said.items():
        work = await grown.work(sql, parameters)
        if work > GROWTH_MAX * before[sql] + grown.slack:
            found.append(f"{state}: {before[sql]} -> {work}: {sql}")
    return found


async def test_everyday_work_costs_the_same_in_a_large_sqlite_file(sqlite_url: str):
    said = await prepared(sqlite_url)
    grown = GrownSqlite(sqlite_url.removeprefix("sqlite://"))
    await grown.grow(FEW)
    few = {sql: await grown.work(sql, parameters) for sql, parameters in said.items()}
    await grown.run("ANALYZE")
    await grown.grow(MANY)
    await grown.reopen()
    found = await dear(grown, said, few, "outdated statistics")
    await grown.run("ANALYZE")
    await grown.reopen()
    found += await dear(grown, said, few, "statistics")
    await grown.forget_statistics()
    found += await dear(grown, said, few, "no statistics")
    grown.close()
    assert not found, "\n".join(found)


async def test_statistics_of_a_file_are_gathered_once_its_tables_are_queried(sqlite_url: str):
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    await everyday_work(shop)
    assert await refresh_statistics(shop.resources) == 0
    gathered = {row["tbl"] for row in await database.reader.fetch("SELECT DISTINCT tbl FROM sqlite_stat1")}
    await database.close()
    assert {"orders", "credit_batches"} <= gathered


async def test_everyday_work_costs_the_same_in_a_large_postgresql(postgresql_copy_url: str):
    said = await prepared(postgresql_copy_url)
    grown = await GrownPostgresql.open(postgresql_copy_url)
    await grown.grow(FEW)
    few = {sql: await grown.work(sql, parameters) for sql, parameters in said.items()}
    await grown.run("ANALYZE")
    await grown.grow(MANY)
    found = await dear(grown, said, few, "outdated statistics")
    await grown.run("ANALYZE")
    found += await dear(grown, said, few, "statistics")
    await grown.close()
    assert not found, "\n".join(found)


async def test_the_first_line_of_a_queue_is_found_without_sorting_the_queue(postgresql_copy_url: str):
    said = await prepared(postgresql_copy_url)
    asked = [sql for sql in said if "ORDER BY q.created_at" in sql]
    grown = await GrownPostgresql.open(postgresql_copy_url)
    await grown.grow(FEW)
    await grown.run("ANALYZE")
    plans = [await grown.general_plan(sql, said[sql]) for sql in asked]
    await grown.close()
    assert len(plans) == 2
    assert [plan for plan in plans if "Sort Key: q.created_at" in plan] == []


async def prepared(url: str) -> Said:
    """Open a shop in the database, do a day's work there, and return the statements that it took."""
    database = await Database.open(url)
    shop = await open_shop(database)
    await key_for(shop.resources, shop.account.id)
    with recorded() as said:
        await everyday_work(shop)
    await database.close()
    return {sql: parameters for sql, parameters in said.items() if not sql.startswith("INSERT INTO serial")}
