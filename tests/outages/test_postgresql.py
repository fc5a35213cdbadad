"""A PostgreSQL that is stopped, frozen or takes no writes: refusals in time, no fault, and back by itself.

Seen to fail when: a driver's exception reaches an API; calls that wait are not ended; the watch is not started; a
session that was opened while the server took no writes is used again.
"""

import asyncio
import signal
import time
from dataclasses import replace

import asyncpg

from service.errors import Code, Refused
from service.operations.place_orders import place_alone
from service.storage.database import Database
from tests.outages.conftest import (
    BACK_WITHIN_S,
    ORDER,
    RED_WITHIN_S,
    REFUSED_WITHIN_S,
    SLACK_S,
    Service,
    a_kilogram,
    is_refused_for_now,
)
from tests.own_postgres import OwnPostgres
from tests.waiting import HANGS_S, WAITING


async def test_a_server_that_is_stopped_is_503_everywhere_and_the_first_call_after_its_return_succeeds(
    postgres_of_our_own: OwnPostgres, on_postgresql: Service
):
    assert (await on_postgresql.order("before")).status == 200
    await asyncio.to_thread(postgres_of_our_own.stop)
    red_s = await on_postgresql.until("/health/ready", 503)
    began_s = time.monotonic()
    await on_postgresql.until_away()
    refused = await on_postgresql.every_api()
    refused_s = time.monotonic() - began_s
    await asyncio.to_thread(postgres_of_our_own.start)
    back_s, replayed = await on_postgresql.until_ordered("away")
    ready_s = await on_postgresql.until("/health/ready", 200)

    assert {name: answer.status for name, answer in refused.items()} == dict.fromkeys(refused, 503)
    assert all(map(is_refused_for_now, refused.values()))
    assert red_s < RED_WITHIN_S + SLACK_S
    assert refused_s < REFUSED_WITHIN_S + SLACK_S
    assert back_s < BACK_WITHIN_S + SLACK_S
    assert ready_s < BACK_WITHIN_S + SLACK_S
    assert not replayed
    assert "fault" not in on_postgresql.events()


async def test_calls_that_wait_for_a_frozen_server_are_ended_and_none_is_done_twice(
    postgres_of_our_own: OwnPostgres, on_postgresql: Service
):
    assert (await on_postgresql.order("warm")).status == 200
    postgres_of_our_own.freeze()
    began_s = time.monotonic()
    calls = [on_postgresql.order(f"frozen-{number}") for number in range(40)]
    reads = [on_postgresql.read() for _ in range(40)]
    answers, refused, red_s = await asyncio.gather(
        asyncio.gather(*calls, *reads), on_postgresql.every_api(), on_postgresql.until("/health/ready", 503)
    )
    refused_s = time.monotonic() - began_s
    postgres_of_our_own.thaw()
    back_s, _ = await on_postgresql.until_ordered("frozen-0")
    placed = [await on_postgresql.until_ordered(f"frozen-{number}") for number in range(40)]

    assert all(map(is_refused_for_now, [*answers, *refused.values()]))
    assert red_s < RED_WITHIN_S + SLACK_S
    assert refused_s < REFUSED_WITHIN_S + SLACK_S
    assert back_s < BACK_WITHIN_S + SLACK_S
    assert len(placed) == 40
    count = postgres_of_our_own.execute("SELECT count(*) FROM orders WHERE idempotency_key LIKE 'frozen-%'")
    assert count == "40"
    assert "fault" not in on_postgresql.events()


async def test_a_server_that_takes_no_writes_is_not_ready_and_reads_go_on(
    postgres_of_our_own: OwnPostgres, on_postgresql: Service
):
    try:
        postgres_of_our_own.execute("ALTER DATABASE orders SET default_transaction_read_only = on")
        # New sessions alone take up the setting, as after a failover.
        postgres_of_our_own.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'orders'",
            database="postgres",
        )
        red_s = await on_postgresql.until("/health/ready", 503)
        refused, read = await on_postgresql.order("read-only"), await on_postgresql.read()
    finally:
        postgres_of_our_own.execute("ALTER DATABASE orders RESET default_transaction_read_only", database="postgres")
    back_s, replayed = await on_postgresql.until_ordered("read-only")
    ready_s = await on_postgresql.until("/health/ready", 200)

    assert is_refused_for_now(refused)
    assert (read.status, "errors" in read.json) == (200, False)
    assert red_s < RED_WITHIN_S + SLACK_S
    assert max(back_s, ready_s) < BACK_WITHIN_S + SLACK_S
    assert not replayed
    assert "fault" not in on_postgresql.events()


async def test_the_locks_of_a_process_that_stands_still_are_given_up_within_5_s(
    postgres_of_our_own: OwnPostgres, on_postgresql: Service
):
    shop, client = on_postgresql.shop, on_postgresql.client()
    holder = await asyncpg.connect(postgres_of_our_own.url)
    async with holder.transaction():
        await holder.execute("SELECT id FROM credit_batches FOR UPDATE")
        order = asyncio.create_task(client.graphql(ORDER, {"input": a_kilogram("stands-still")}))
        async with asyncio.timeout(HANGS_S):
            while await holder.fetchval(WAITING) == 0:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.01)
        on_postgresql.process.send_signal(signal.SIGSTOP)
    try:  # its session has got the batches now, and the account's head before
        began_s = time.monotonic()
        other = await Database.open(postgres_of_our_own.url)
        async with asyncio.timeout(HANGS_S):
            while isinstance(
                answer := await place_alone(replace(shop.resources, database=other), shop.command()), Refused
            ):
                assert answer.code is Code.UNAVAILABLE
        waited_s = time.monotonic() - began_s
        await other.close()
    finally:
        on_postgresql.process.send_signal(signal.SIGCONT)
    answered = await order
    await client.close()
    await holder.close()

    assert waited_s < 5 + SLACK_S
    assert answered.json["data"]["createOrderByMass"]["replayed"] is False
    assert postgres_of_our_own.execute("SELECT count(*) FROM orders WHERE idempotency_key = 'stands-still'") == "1"
