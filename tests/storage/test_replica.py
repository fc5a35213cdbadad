"""Reads at a streaming replica: what goes there, what may not, and what happens while it is behind, hangs or is gone.

Seen to fail when: the replica is asked without a look at the account's latest event; a statement that the replica fails
is not given to the primary; the watch does not end reads that wait for a frozen replica.
"""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.commands.doctor import examine
from service.domain.accounts import Account
from service.domain.listing import EVERY_ORDER, AccountFilter, OrderSort
from service.domain.order import Placed
from service.domain.statistics import OrderGrouping
from service.kit.keyset import PageRequest
from service.operations import read_all_accounts, read_catalogue, read_orders
from service.operations.order_statistics import order_statistics
from service.operations.resources import Resources
from service.storage.database import Database
from service.storage.migrations import migrate
from service.storage.replica import Replica
from service.storage.watch import EVERY_S, PATIENCE_S
from tests.cluster import Cluster, PostgresServer, cluster
from tests.makers import make_caller, make_command
from tests.server import SECRET, key_for, serving
from tests.shop import Shop, open_shop
from tests.waiting import HANGS_S, until

STALE_MS = 60_000
SLACK_S = 20.0


@pytest.fixture(scope="module")
def pair() -> Iterator[Cluster]:
    with cluster() as pair:
        asyncio.run(migrate(pair.primary.url))
        yield pair


@pytest.fixture(scope="module")
def opened(pair: Cluster) -> Shop:
    """The shop of all tests, whose database is closed again."""

    async def first() -> Shop:
        async with primary(pair) as database:
            return await open_shop(database)

    return asyncio.run(first())


@pytest.fixture
async def shop(pair: Cluster, opened: Shop) -> AsyncIterator[Shop]:
    """The shop with an account of the test's own."""
    async with primary(pair) as database:
        shop = replace(opened, database=database, resources=replace(opened.resources, database=database))
        yield replace(shop, account=await shop.another_account())


@asynccontextmanager
async def primary(pair: Cluster) -> AsyncIterator[Database]:
    database = await Database.open(pair.primary.url)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def reading(shop: Shop, server: PostgresServer, **facts: Any) -> AsyncIterator[Resources]:
    """Resources with a replica that has been reached."""
    replica = Replica(server.url, pool_size_max=4, statement_timeout_ms=HANGS_S * 1_000)
    async with replica.watched():
        await until(lambda: replica.is_ready)
        yield replace(shop.resources, replica=replica, **facts)


async def orders_counted(resources: Resources, account: Account) -> int:
    found = await order_statistics(resources, make_caller(account), EVERY_ORDER, OrderGrouping.STATUS)
    return sum(group.orders for group in found.groups)


def outcomes(resources: Resources) -> dict[str, int]:
    assert resources.replica is not None
    return {outcome: number for outcome, number in resources.replica.reads.items() if number}


async def until_replayed(resources: Resources, account: Account, count: int) -> None:
    """Return once the replica answers, and has all of the account."""
    assert resources.replica is not None
    reads = resources.replica.reads
    async with asyncio.timeout(HANGS_S):
        while not reads["answered"]:
            assert await orders_counted(resources, account) == count
            await asyncio.sleep(0.01)
    reads.clear()


@asynccontextmanager
async def replay_paused(server: PostgresServer) -> AsyncIterator[None]:
    """Inside, the standby receives changes, acknowledges them, and shows none of them."""
    await asyncio.to_thread(server.execute, "SELECT pg_wal_replay_pause()")
    async with asyncio.timeout(HANGS_S):
        while await asyncio.to_thread(server.execute, "SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass
    try:
        yield
    finally:
        await asyncio.to_thread(server.execute, "SELECT pg_wal_replay_resume()")


async def test_statistics_are_read_at_a_replica_that_has_the_accounts_changes(shop: Shop, pair: Cluster) -> None:
    await shop.place()
    async with reading(shop, pair.standby) as resources:
        await until_replayed(resources, shop.account, 1)

        assert await orders_counted(resources, shop.account) == 1
        assert outcomes(resources) == {"answered": 1}


async def test_an_account_sees_its_own_orders_while_the_replica_is_behind(shop: Shop, pair: Cluster) -> None:
    another = await shop.another_account()
    async with reading(shop, pair.standby) as resources:
        await until_replayed(resources, shop.account, 0)
        await until_replayed(resources, another, 0)
        async with replay_paused(pair.standby):
            await shop.place()

            assert await orders_counted(resources, shop.account) == 1
            assert outcomes(resources) == {"behind": 1}
            assert await orders_counted(resources, another) == 0  # nothing of this account has changed
            assert outcomes(resources) == {"behind": 1, "answered": 1}
        await until_replayed(resources, shop.account, 1)


async def test_each_order_is_in_the_statistics_that_are_read_after_it_through_any_process(
    shop: Shop, pair: Cluster
) -> None:
    accounts = [shop.account, *[await shop.another_account() for _ in range(3)]]
    rounds = 25

    async def order_and_count(account: Account, resources: Resources) -> None:
        for number in range(1, rounds + 1):
            (placed,) = await shop.place_all(make_command(account))
            assert isinstance(placed, Placed)
            assert await orders_counted(resources, account) == number

    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(reading(shop, pair.standby)) for _ in range(2)]
        async with asyncio.TaskGroup() as group:
            for number, account in enumerate(accounts):
                group.create_task(order_and_count(account, others[number % 2]))
        told = [outcomes(each) for each in others]
    assert sum(sum(each.values()) for each in told) == rounds * len(accounts)


async def test_lists_of_an_account_are_read_in_the_primary_unless_they_are_exported(shop: Shop, pair: Cluster) -> None:
    await shop.place()
    async with reading(shop, pair.standby) as resources:
        await until_replayed(resources, shop.account, 1)

        async def listed(of: Resources) -> int:
            return len(
                (await read_orders.list_orders(of, shop.caller, EVERY_ORDER, OrderSort(), PageRequest(20))).items
            )

        assert await listed(resources) == 1
        assert outcomes(resources) == {}
        assert await listed(resources.of_export()) == 1
        assert outcomes(resources) == {"answered": 1}


async def test_shared_lists_are_read_at_the_replica_only_as_far_as_they_may_be_stale(shop: Shop, pair: Cluster) -> None:
    async with reading(shop, pair.standby) as resources:
        await until_replayed(resources, shop.account, 0)

        async def listed(of: Resources) -> int:
            found = await read_catalogue.list_projects(of, shop.caller, PageRequest(100))
            return min(len(found.items), await read_all_accounts.count_accounts(of, shop.caller, AccountFilter()))

        assert await listed(resources)
        assert outcomes(resources) == {}
        stale = replace(resources, stale_reads_ms=STALE_MS)
        assert await listed(stale)
        assert outcomes(resources) == {"answered": 2}
        await asyncio.sleep(0.01)
        assert await listed(replace(resources, stale_reads_ms=1))  # the last transaction is older than that
        assert outcomes(resources) == {"answered": 2, "behind": 2}


async def test_a_primary_is_no_replica(shop: Shop, pair: Cluster) -> None:
    async with reading(shop, pair.primary, stale_reads_ms=STALE_MS) as resources:
        assert (await read_catalogue.list_projects(resources, shop.caller, PageRequest(100))).items
        assert outcomes(resources) == {"behind": 1}


async def test_the_primary_answers_while_the_replica_is_gone(shop: Shop, pair: Cluster) -> None:
    await shop.place()
    async with reading(shop, pair.standby) as resources:
        await until_replayed(resources, shop.account, 1)
        with capture_logs() as logs:
            pair.standby.kill()

            assert await orders_counted(resources, shop.account) == 1
            assert outcomes(resources) == {"failed": 1}
            assert resources.replica is not None
            replica = resources.replica
            await until(lambda: not replica.is_ready)
            assert await orders_counted(resources, shop.account) == 1
            assert outcomes(resources) == {"failed": 1, "away": 1}

            await asyncio.to_thread(pair.standby.start)
            await until(lambda: replica.is_ready)
        await until_replayed(resources, shop.account, 1)
        assert [each["event"] for each in logs] == ["replica_not_ready", "replica_ready"]


async def test_a_read_at_a_replica_that_hangs_is_answered_by_the_primary(shop: Shop, pair: Cluster) -> None:
    async with reading(shop, pair.standby) as resources:
        await until_replayed(resources, shop.account, 0)
        pair.standby.freeze()
        try:
            async with asyncio.timeout(2 * (EVERY_S + PATIENCE_S) + SLACK_S):
                assert await orders_counted(resources, shop.account) == 0
            assert outcomes(resources) == {"failed": 1}
            assert resources.replica is not None
            assert not resources.replica.is_ready
        finally:
            pair.standby.thaw()
        await until_replayed(resources, shop.account, 0)


async def test_a_replica_that_was_never_there_stops_nothing(shop: Shop, pair: Cluster) -> None:
    replica = Replica("postgresql://postgres@127.0.0.1:1/orders")
    resources = replace(shop.resources, replica=replica, stale_reads_ms=STALE_MS)
    async with replica.watched():
        assert await orders_counted(resources, shop.account) == 0
        assert (await read_catalogue.list_projects(resources, shop.caller, PageRequest(1))).items
    assert outcomes(resources) == {"away": 2}


async def test_readiness_metrics_exports_and_doctor_tell_of_the_replica(
    shop: Shop, pair: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.place()
    key = await key_for(shop.resources, shop.account.id)
    monkeypatch.setenv("SERVICE_DATABASE_URL", pair.primary.url)
    monkeypatch.setenv("SERVICE_READ_DATABASE_URL", pair.standby.url)
    monkeypatch.setenv("SERVICE_SECRET", SECRET)
    settings = {"read_database_url": pair.standby.url, "workers_embedded": False}
    async with serving(pair.primary.url, **settings) as server:

        async def got(path: str) -> str:
            request = urllib.request.Request(f"{server.url}{path}", headers={"authorization": f"Bearer {key}"})
            return await asyncio.to_thread(lambda: urllib.request.urlopen(request).read().decode())

        async def until_told(path: str, text: str) -> None:
            async with asyncio.timeout(HANGS_S):
                while text not in await got(path):
                    assert (await got("/exports/orders.csv")).count("\n") == 2
                    await asyncio.sleep(0.02)

        await until_told("/health/ready", '{"status":"ready","replica":"ready"}')
        await until_told("/metrics", 'carbon_orders_replica_reads_total{outcome="answered"}')
        await until_told("/metrics", "carbon_orders_replica_ready 1.0")
        (found,) = [each for each in await examine() if each.check == "replica"]
        assert found.is_well, found
        pair.standby.kill()
        try:
            await until_told("/health/ready", '{"status":"ready","replica":"away"}')
            await until_told("/metrics", "carbon_orders_replica_ready 0.0")
            assert (await got("/exports/orders.csv")).count("\n") == 2
            (found,) = [each for each in await examine() if each.check == "replica"]
            assert found.advice.startswith("Until the replica answers, the primary answers every read.")
        finally:
            await asyncio.to_thread(pair.standby.start)


async def test_tasks_that_reach_a_replica_first_at_the_same_time_share_its_connections(
    shop: Shop, pair: Cluster
) -> None:
    async with reading(shop, pair.standby) as resources:
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(orders_counted(resources, shop.account))
        count = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        async with asyncio.timeout(HANGS_S):
            # At most the four of the pool and the probe's.
            while int(await asyncio.to_thread(pair.standby.execute, count)) > 5:
                pass
