"""Documents a second beside the time of one, and the wait of small requests while the service draws documents.

    python -m tests.bench.drawing [--seconds 10]

The first figure is the share of the processors that drawing uses: the documents a second, times the seconds of one,
divided by the processors. It should be at least 0.8 on an idle machine. The second one compares the 99th percentile of
small requests, sent at 30 % of the rate that the service can answer, with and without documents being drawn: it should
at most double. Takes about five times the seconds, and ends with one line for each figure. Neighbours disturb both.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from service.documents.drawer import Drawer
from service.documents.drawing import draw
from service.domain.api_keys import Scope
from service.storage.database import Database
from service.storage.migrations import migrate
from tests.documents.certificates import certificate_json
from tests.http_client import HttpClient
from tests.makers import make_order_request
from tests.server import key_for, serving
from tests.shop import open_shop

SINGLE = 20
"""Number of documents whose median is the time of one."""
CLIENTS = 16
SHARE_OF_PEAK = 0.3
SETTINGS = {"query_points_a_minute": 10**9, "address_points_a_minute": 10**9}
SMALL = "{ account { id name } }"
LINK = "{ orders(first: 1) { nodes { confirmationUrl } } }"


async def drawing_share(seconds: float) -> float:
    """Return the documents a second of the drawer, in parts of what the processors could draw, and print both."""
    facts, cores = certificate_json(), os.cpu_count() or 1
    draw("certificate", facts)  # reads the fonts
    times = []
    for _ in range(SINGLE):
        began = time.perf_counter()
        draw("certificate", facts)
        times.append(time.perf_counter() - began)
    one_s = statistics.median(times)
    drawer, drawn = Drawer(), 0
    await asyncio.gather(*(drawer.draw("certificate", facts) for _ in range(4 * cores)))  # starts the processes
    began = time.perf_counter()

    async def client() -> None:
        nonlocal drawn
        while time.perf_counter() < began + seconds:
            await drawer.draw("certificate", facts)
            drawn += 1

    await asyncio.gather(*(client() for _ in range(2 * cores)))
    rate = drawn / (time.perf_counter() - began)
    print(f"one document: {one_s * 1_000:.1f} ms; drawer: {rate:.1f} documents/s on {cores} processors")
    return rate * one_s / cores


async def peak(clients: list[HttpClient], seconds: float) -> float:
    """Return the small requests a second that are answered when each client sends the next one at once."""
    answered, began = 0, time.perf_counter()

    async def send(client: HttpClient) -> None:
        nonlocal answered
        while time.perf_counter() < began + seconds:
            await small(client)
            answered += 1

    await asyncio.gather(*map(send, clients))
    return answered / (time.perf_counter() - began)


async def p99_ms(clients: list[HttpClient], rate: float, seconds: float) -> float:
    """Return the 99th percentile, from the time at which a request was due, of requests sent at that rate."""
    idle: asyncio.Queue[HttpClient] = asyncio.Queue()
    for each in clients:
        idle.put_nowait(each)
    waits: list[float] = []
    began = time.perf_counter()

    async def send(due: float) -> None:
        client = await idle.get()
        await small(client)
        waits.append(time.perf_counter() - due)
        idle.put_nowait(client)

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0, due - time.perf_counter()))
            group.create_task(send(due))
    return sorted(waits)[len(waits) * 99 // 100] * 1_000


async def small(client: HttpClient) -> None:
    answer = await client.graphql(SMALL)
    assert answer.status == 200, answer.body


@asynccontextmanager
async def drawing(url: str, key: str, clients: int) -> AsyncIterator[list[int]]:
    """Fetch a document that is drawn each time, with so many clients; the list has one entry for each answer."""
    connections = [HttpClient(url, key=key) for _ in range(clients)]
    answer = (await connections[0].graphql(LINK)).json
    path = urlsplit(answer["data"]["orders"]["nodes"][0]["confirmationUrl"]).path
    drawn: list[int] = []

    async def fetch(connection: HttpClient) -> None:
        while True:
            drawn.append((await connection.send("GET", path)).status)

    tasks = [asyncio.create_task(fetch(each)) for each in connections]
    try:
        yield drawn
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _closed(connections)


async def waiting_ratio(seconds: float) -> float:
    """Return how many times as long small requests wait while documents are drawn, and print both waits."""
    with tempfile.TemporaryDirectory(prefix="carbon-orders-drawing-") as folder:
        url = f"sqlite://{Path(folder) / 'service.db'}"
        await migrate(url)
        database = await Database.open(url)
        try:
            shop = await open_shop(database)
            await shop.place(make_order_request(10_000))
            key = await key_for(shop.resources, shop.account.id, Scope.ORDERS_READ, Scope.CATALOGUE_READ)
        finally:
            await database.close()
        async with serving(url, **SETTINGS) as server:
            clients = [HttpClient(server.url, key=key) for _ in range(CLIENTS)]
            await peak(clients, 1)  # warms up
            rate = await peak(clients, seconds / 2) * SHARE_OF_PEAK
            alone_ms = await p99_ms(clients, rate, seconds)
            async with drawing(server.url, key, 2 * (os.cpu_count() or 1)) as drawn:
                await p99_ms(clients, rate, 3)  # starts the processes
                before = len(drawn)
                beside_ms = await p99_ms(clients, rate, seconds)
                wrong = {status for status in drawn if status != 200}
                rate_drawn = (len(drawn) - before) / seconds
            await _closed(clients)
    assert not wrong, wrong
    print(f"small requests: {rate:.0f}/s, p99 {alone_ms:.1f} ms; with {rate_drawn:.1f} documents/s {beside_ms:.1f} ms")
    return beside_ms / alone_ms


async def _closed(clients: list[HttpClient]) -> None:
    for each in clients:
        await each.close()


async def measure(seconds: float) -> None:
    share = await drawing_share(seconds)
    ratio = await waiting_ratio(seconds)
    print(f"share of the processors that drawing uses: {share:.2f} (at least 0.80)")
    print(f"p99 of small requests while documents are drawn: {ratio:.2f} times (at most 2.00)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    asyncio.run(measure(parser.parse_args().seconds))


if __name__ == "__main__":
    main()
