"""A PostgreSQL that is stopped, frozen or takes no writes: refusals in time, no fault, and back by itself.

Seen to fail when: a driver's exception reaches an API; calls that wait are not ended; the watch is not started; a
session that was opened while the server took no writes is used again. Behind a pooler: a connection sends a start-up
parameter or a prepared statement of a name; a statement outside of a transaction is parsed in one session and run in
another; a limit is set for a session and not in the transaction.
"""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from service.errors import Code, Refused
from service.operations.place_orders import place_alone
from service.storage.database import Database
from service.storage.failures import SLOW, DatabaseUnavailable
from tests.crowd import PLACED, crowd, order, wanted
from tests.outages.conftest import (
    BACK_WITHIN_S,
    ORDER,
    RED_WITHIN_S,
    REFUSED_WITHIN_S,
    SLACK_S,
    Service,
    a_kilogram,
    is_refused_for_now,
    service_on,
)
from tests.own_postgres import OwnPostgres
from tests.pgbouncer import running_pgbouncer
from tests.server import ROOT, environment_of
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
    assert [each for each in refused.values() if not is_refused_for_now(each)] == []
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

    del refused["its tokens"]  # a key that was looked up a moment ago is believed
    assert [each for each in (*answers, *refused.values()) if not is_refused_for_now(each)] == []
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


# Behind pgbouncer in transaction mode, whose few sessions go from client to client.

POOLED = {"database_pooled": "true"}
IMPLIED = {"statement_cache_size": 0}


@pytest.fixture(scope="module")
def pooler_url(postgres_of_our_own: OwnPostgres) -> Iterator[str]:
    with running_pgbouncer(postgres_of_our_own.create("pooled")) as url:
        command(url, "migrate", **POOLED)
        yield url


def command(url: str, *words: str, **settings: object) -> str:
    """What a command prints, which has to succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "service", *words],
        cwd=ROOT, env=environment_of(url, **settings), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_behind_a_pooler_each_statement_gets_its_own_rows_and_its_limits(pooler_url: str):
    database = await Database.open(pooler_url, pooled=True, statement_timeout_ms=1_500, pool_wait_ms=60_000)
    try:

        async def ask(number: int) -> None:
            sql = f"SELECT $1::int AS mine, {number} AS text, current_setting('statement_timeout') AS limit_of_each"
            (row,) = await database.reader.fetch(sql, number)
            assert dict(row) == {"mine": number, "text": number, "limit_of_each": "1500ms"}
            ((cell,),) = await database.reader.fetch_cells("SELECT $1::int", number)
            assert cell == number

        await asyncio.gather(*map(ask, range(200)))
        with pytest.raises(DatabaseUnavailable) as caught:
            await database.reader.fetch("SELECT pg_sleep(60)")
        assert caught.value.failure is SLOW
        async with database.transaction(lock_timeout_ms=77) as statements:
            names = ("lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")
            told = [(await statements.fetch("SELECT current_setting($1) AS value", name))[0]["value"] for name in names]
        assert told == ["77ms", "3s", "read committed"]
        (row,) = await database.reader.fetch("SELECT current_setting('lock_timeout') AS value")
        assert row["value"] == "2s", "what one transaction was told stays in it"
    finally:
        await database.close()


@pytest.fixture
def pooled_service(pooler_url: str, tmp_path: Path) -> Iterator[Service]:
    with service_on(pooler_url, tmp_path / "log", pooled=True, **POOLED) as service:
        yield service


async def test_behind_a_pooler_orders_are_placed_and_audited_and_an_outage_passes(
    postgres_of_our_own: OwnPostgres, pooler_url: str, pooled_service: Service
):
    clients = [pooled_service.client() for _ in range(16)]
    placed = await crowd(clients, [wanted(1_000, f"pooled-{number}") for number in range(40)], order)
    answers = await pooled_service.every_api()
    await asyncio.to_thread(postgres_of_our_own.stop)
    await pooled_service.until_away()
    refused = await pooled_service.every_api()
    await asyncio.to_thread(postgres_of_our_own.start)
    back_s, replayed = await pooled_service.until_ordered("pooled-0")

    assert {each.outcome for each in placed} == {PLACED}
    statuses = {name: answer.status for name, answer in answers.items()}
    assert statuses == dict.fromkeys(answers, 200) | {"a certificate": 404}
    assert [each for each in refused.values() if not is_refused_for_now(each)] == []
    assert back_s < 1 + SLACK_S
    assert replayed
    assert "fault" not in pooled_service.events()
    for words, settings in (("doctor", IMPLIED), ("audit", POOLED)):
        assert await asyncio.to_thread(command, pooler_url, words, **settings)
