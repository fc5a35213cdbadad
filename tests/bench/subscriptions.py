"""How soon events reach subscribers, and whether the server's memory stays flat while they do.

    python -m tests.bench.subscriptions [--database sqlite] [--subscriptions 500] [--accounts 100] [--seconds 20]
        [--events 200000]
Orders are placed at 50 a second, which are 100 events a second, and each event is sent to all subscribers of its
account. The time is that from the answer to the commit until the subscriber has the event. Afterwards so many events
are recorded as fast as the database takes them, and the server's resident size is read; it fails above 20 MB more.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import orjson
from websockets.asyncio.client import connect

from service.api.graphql.transport.websocket import PROTOCOL
from service.domain.accounts import Account
from service.domain.events import EventRecorder, EventType
from service.domain.order import Order, Placed
from service.storage import accounts
from service.storage.database import Database
from service.storage.events import EVENTS
from service.storage.migrations import migrate
from tests.bench.grounds import address_of
from tests.makers import TONNE_G, make_batch, make_command, make_order_request, store
from tests.server import Server, key_for, serving
from tests.shop import Shop, open_shop

ORDERS_A_SECOND = 50
GROWTH_MB_MAX = 20
A_TRANSACTION = 100
SUBSCRIBE = "subscription { orderEvents { sequence type orderId } }"


def resident_mb(server: Server) -> float:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4_096 / 1e6


class Crowd:
    """Subscribers of accounts, and when each event was committed and received."""

    def __init__(self) -> None:
        self.committed: dict[tuple[UUID, int], float] = {}
        self.received: dict[tuple[UUID, int], list[float]] = defaultdict(list)
        self.count = 0

    async def listen(self, address: str, key: str, account_id: UUID, ready: asyncio.Semaphore) -> None:
        async with connect(address, subprotocols=[PROTOCOL], compression=None, ping_interval=None) as socket:
            await socket.send(
                orjson.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}), text=True
            )
            await socket.recv()
            await socket.send(
                orjson.dumps({"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIBE}}), text=True
            )
            ready.release()
            async for message in socket:
                event = orjson.loads(message)["payload"]["data"]["orderEvents"]
                self.received[account_id, int(event["sequence"])].append(time.monotonic())
                self.count += 1

    def times_ms(self) -> list[float]:
        return sorted(
            (received - self.committed[event]) * 1_000
            for event, times in self.received.items()
            if event in self.committed
            for received in times
        )


async def place(shop: Shop, customers: list[Account], crowd: Crowd, seconds: int) -> dict[UUID, Order]:
    """Place orders evenly, each of some account; return one of each account."""
    orders = {}
    seqs = dict.fromkeys((each.id for each in customers), 0)
    for number in range(seconds * ORDERS_A_SECOND):
        began = time.monotonic()
        customer = random.choice(customers)
        answers = await shop.place_all(make_command(customer, make_order_request(1_000)))
        committed = time.monotonic()
        assert isinstance(answers[0], Placed), (number, answers)
        orders[customer.id] = answers[0].order
        for _ in range(2):
            seqs[customer.id] += 1
            crowd.committed[customer.id, seqs[customer.id]] = committed
        await asyncio.sleep(max(0, 1 / ORDERS_A_SECOND - (time.monotonic() - began)))
    return orders


async def record(shop: Shop, orders: dict[UUID, Order], count: int) -> None:
    """Record events of these orders, by their account."""
    for _ in range(count // A_TRANSACTION):
        account_id, order = random.choice([*orders.items()])
        async with shop.database.transaction() as statements:
            heads = await accounts.lock_heads(statements, {account_id})
            recorder = EventRecorder(
                {account_id: heads[account_id].event_seq},
                actor="bench",
                now=shop.resources.clock(),
                new_id=shop.resources.new_id,
            )
            for _ in range(A_TRANSACTION):
                recorder.record_order(order, EventType.ORDER_UPDATED, changed=[])
            await EVENTS.insert(statements, recorder.events)
            await accounts.raise_heads(statements, recorder.event_seqs)


async def run(url: str, *, subscriptions: int, owners: int, seconds: int, events: int) -> bool:
    await migrate(url)
    database = await Database.open(url)
    shop = await open_shop(database)
    await store(database, make_batch(shop.forest_project, 100_000 * TONNE_G))
    customers = [await shop.another_account() for _ in range(owners)]
    keys = [await key_for(shop.resources, each.id) for each in customers]
    crowd, ready = Crowd(), asyncio.Semaphore(0)
    async with serving(url, workers_embedded=False, subscriptions_max=subscriptions, log_level="warning") as server:
        address = f"{server.url.replace('http', 'ws')}/graphql"
        before_mb = resident_mb(server)
        async with AsyncExitStack() as stack:
            listeners = []
            for number in range(subscriptions):
                of = number % owners
                task = asyncio.create_task(crowd.listen(address, keys[of], customers[of].id, ready))
                stack.callback(task.cancel)
                listeners.append(task)
                await ready.acquire()
            await asyncio.sleep(1)
            open_mb = resident_mb(server)
            orders = await place(shop, customers, crowd, seconds)
            await asyncio.sleep(2)
            times = crowd.times_ms()
            expected = sum(1 for _ in crowd.committed) * subscriptions // owners
            p50, p99 = (statistics.quantiles(times, n=100)[index] for index in (49, 98))
            print(f"{subscriptions} subscriptions of {owners} accounts on {database.dialect}")
            print(f"received {len(times)} of {expected}: p50 {p50:.0f} ms, p99 {p99:.0f} ms, most {times[-1]:.0f} ms")
            print(f"memory: {before_mb:.1f} MB before, {open_mb:.1f} MB with all, {resident_mb(server):.1f} MB after")
            start_mb, sizes = resident_mb(server), []
            for part in range(1, 11):
                await record(shop, orders, events // 10)
                due = len(times) + part * events // 10 * subscriptions // owners
                while crowd.count < due:  # noqa: ASYNC110 - takes as long as it takes
                    await asyncio.sleep(0.1)
                sizes.append(resident_mb(server))
            print(f"{events} events: {start_mb:.1f} MB, then {' '.join(f'{each:.1f}' for each in sizes)} MB")
            for task in listeners:
                task.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)
    await database.close()
    return len(times) == expected and sizes[-1] - sizes[0] <= GROWTH_MB_MAX


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--subscriptions", type=int, default=500)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--events", type=int, default=200_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, address_of(given.database, Path(folder), 0) as url:
        work = run(
            url,
            subscriptions=given.subscriptions,
            owners=given.accounts,
            seconds=given.seconds,
            events=given.events,
        )
        raise SystemExit(0 if asyncio.run(work) else 1)


if __name__ == "__main__":
    main()
