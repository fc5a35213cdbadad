"""Reads of one API key beside those of another, through the whole service: each waits for its share and no more.

The order of the answers is compared and no time, so that the tests hold on any machine. Seen to fail when: reads wait
in one line; the pool gives its connections to whoever waits longest; a QuerySet does not wait for its turn; a read that
nobody waits for runs to its end; a QuerySet that is read on the event loop lets no other task run before the next.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.kit.fair_turns import CALLER, WaitingCaller
from service.storage import accounts
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.shop import Shop, open_shop
from tests.waiting import HANGS_S, PATIENT

ACCOUNTS_QUOTES = "{ account { quotes(first: 3) { nodes { id } } } }"
"""A list that is read by a QuerySet, as all that is not read often."""
STATISTICS = "{ orderStats(groupBy: STATUS) { groups { count } } }"
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT count(*) AS found FROM n"
CROWD = 60
ASKED = [
    '{ orders(first: 5, filter: {customerContains: "ana"}) { nodes { id } } }',
    '{ orders(first: 5, filter: {metadata: [{key: "a", value: "b"}]}) { totalCount } }',
    "{ orders(last: 3, orderBy: {field: MASS}) { nodes { number } } }",
    STATISTICS,
    ACCOUNTS_QUOTES,
]


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[GraphQLApi]:
    database = await Database.open(database_url, idle_transaction_ms=60_000)
    shop = await open_shop(database)
    # One connection that reads, and no read on the event loop's own thread.
    narrow = {"loop_read_ms": 0, "pool_size_max": 1, "query_points_a_minute": 10**6, "request_deadline_ms": 60_000}
    async with open_graphql_api(shop, database_url, **PATIENT, **narrow) as api:
        yield api
    await database.close()


@pytest.mark.parametrize(
    ("crowded", "asked"), [*((STATISTICS, asked) for asked in ASKED), (ACCOUNTS_QUOTES, STATISTICS)]
)
async def test_a_crowd_of_one_key_keeps_another_waiting_for_a_few_reads(api: GraphQLApi, crowded: str, asked: str):
    other = await api.new_key(account=await api.shop.another_account())
    answered: list[str] = []

    async def ask(name: str, document: str, key: str) -> None:
        await api.data(document, key=key)
        answered.append(name)

    async with asyncio.timeout(HANGS_S), asyncio.TaskGroup() as group:
        for _ in range(CROWD):
            group.create_task(ask("crowd", crowded, api.key))
        while not answered:  # noqa: ASYNC110 - so that all of the crowd waits
            await asyncio.sleep(0)
        before = len(answered)
        await group.create_task(ask("other", asked, other))
        waited = len(answered) - 1 - before

    # Its key, its page and its count are a few statements, each behind one or two of the crowd's.
    assert waited <= 10


async def test_other_requests_run_between_two_queries_on_the_event_loop(sqlite_url: str):
    database = await Database.open(sqlite_url, loop_read_ms=5)
    account = (await open_shop(database)).account
    happened: list[str] = []

    async def read_twice() -> None:
        for _ in range(2):
            assert await accounts.of_ids(database.reader, [account.id]) == {account.id: account}
            happened.append("read")

    async def request() -> None:
        happened.append("request")

    await asyncio.gather(read_twice(), request())
    assert happened == ["request", "read", "read"]
    await database.close()


@pytest.fixture
async def sqlite_shop(sqlite_url: str) -> AsyncIterator[Shop]:
    database = await Database.open(sqlite_url, statement_timeout_ms=0, loop_read_ms=0)
    yield await open_shop(database)
    await database.close()


async def test_a_read_that_nobody_waits_for_ends(sqlite_shop: Shop):
    reader = sqlite_shop.database.reader
    endless = asyncio.ensure_future(reader.fetch(LONG, 10**12))
    await asyncio.sleep(0.05)
    endless.cancel()

    async with asyncio.timeout(HANGS_S):
        (row,) = await reader.fetch(LONG, 7)
    assert row["found"] == 7
    with pytest.raises(asyncio.CancelledError):
        await endless


async def test_a_read_that_nobody_waits_for_before_its_turn_is_not_begun(sqlite_shop: Shop):
    reader = sqlite_shop.database.reader
    left: list[Any] = []

    async def leaver() -> Any:
        CALLER.set(WaitingCaller("leaver", lambda: bool(left)))
        return await reader.fetch(LONG, 10**12)

    first = asyncio.ensure_future(reader.fetch(LONG, 3_000_000))
    await asyncio.sleep(0)
    waiting = [asyncio.ensure_future(leaver()) for _ in range(20)]
    await asyncio.sleep(0)
    left.append("all of them")

    async with asyncio.timeout(HANGS_S):
        results = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert [getattr(each, "code", "answered") for each in results] == ["answered", *["UNAVAILABLE"] * 20]
