"""A failover to watch: `make cluster`. Orders go on after the database's primary was killed, and none is lost.

Starts a PostgreSQL primary with a synchronous standby, two processes of the service with the demo, and nginx and Redis
if they are installed; kills the primary under load, promotes the standby, and prints times and losses. Everything ends,
and all data is removed, with Ctrl-C.
"""

import argparse
import asyncio
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from service.domain.catalogue import Mode
from service.key_pepper import pepper
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.audit import audit
from service.operations.load_demo import load_demo
from service.operations.resources import Resources
from service.settings import Settings
from service.storage.database import Database
from service.storage.migrations import migrate
from tests import nginx, redis_server
from tests.cluster import Cluster, cluster
from tests.crowd import PLACED, order, wanted
from tests.http_client import HttpClient
from tests.server import SECRET, running_together
from tests.waiting import HANGS_S

CALLERS = 8
PAUSE_S = 0.02
"""Time between two orders of one caller."""
PHASE_S = 3.0
"""Default time with orders before the failure and after the promotion, and without a primary between them: a cluster
manager, such as Patroni, takes some time until it is sure.
"""
STORED_KEYS = "SELECT idempotency_key FROM orders"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@dataclass
class Site:
    """Addresses of the running parts. `url` is the one that callers use."""

    pair: Cluster
    services: list[str]
    url: str
    tls: ssl.SSLContext | None
    key: str


@contextmanager
def site() -> Iterator[Site]:
    """Start everything; end everything at the end of the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="carbon-cluster-")))
        say("Starting a PostgreSQL primary and its synchronous standby ...")
        pair = stack.enter_context(cluster())
        key = asyncio.run(open_for_orders(pair.url))
        settings: dict[str, object] = {}
        if redis_server.executable():
            settings["redis_url"] = stack.enter_context(redis_server.running_redis(folder))
        say("Starting two processes of the service ...")
        services = stack.enter_context(running_together(2, pair.url, **settings))
        url, tls = services[0], None
        if nginx.is_installed():
            nginx.certify(folder)
            ports = [urlsplit(each).port or 0 for each in services]
            port, _ = stack.enter_context(nginx.running_nginx(folder, ports, rate="10000r/s"))
            url, tls = f"https://127.0.0.1:{port}", ssl.create_default_context(cafile=str(folder / "cert.pem"))
            tls.check_hostname = False
        say(f"""
  primary    127.0.0.1:{pair.primary.port}
  standby    127.0.0.1:{pair.standby.port}, has every commit before the service acknowledges it
  services   {"  ".join(services)}
  nginx      {url if tls else "not installed: callers use the processes directly"}
  Redis      {settings.get("redis_url", "not installed: each process counts rate limits for itself")}
  data       {pair.primary.folder.parent}, removed at the end
  API key    {key}, of a demo customer
""")
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C leaves nothing behind
        yield Site(pair, services, url, tls, key)


async def open_for_orders(database_url: str) -> str:
    """Create the tables and load the demo. Return the key of a customer in the test mode."""
    await migrate(database_url)
    async with resources_on(database_url) as resources:
        loaded = await load_demo(resources, pepper=pepper(Settings(database_url="sqlite://unused", secret=SECRET)))
    return next(each.key for each in loaded.accounts if each.mode is Mode.TEST and each.contract == "lune")


@asynccontextmanager
async def resources_on(database_url: str) -> AsyncIterator[Resources]:
    database = await Database.open(database_url)
    try:
        yield Resources(database, system_clock, uuid7)
    finally:
        await database.close()


@dataclass
class Orders:
    """Orders that callers place until `ended`. Each is sent again with its key until it is acknowledged."""

    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0
    cut: int = 0
    ended: bool = False

    async def place(self, client: HttpClient, name: str) -> None:
        """Place one order after the other; return once the last one is acknowledged."""
        number = 0
        while not self.ended:
            number += 1
            asked = wanted(1_000, f"{name}-{number}")
            while (outcome := (await order(client, asked)).outcome) != PLACED:
                if outcome not in ("UNAVAILABLE", "cut"):
                    raise SystemExit(f"An order was refused: {outcome}")
                self.refused += outcome == "UNAVAILABLE"
                self.cut += outcome == "cut"
                await asyncio.sleep(PAUSE_S)
            self.acknowledged.add(asked["idempotencyKey"])
            await asyncio.sleep(PAUSE_S)
        await client.close()

    async def one_more(self) -> float:
        """Return the time at which the next order is acknowledged."""
        before = len(self.acknowledged)
        await happens(lambda: len(self.acknowledged) > before)
        return time.monotonic()

    async def report(self) -> None:
        """Print a line a second until this task is cancelled."""
        began_s, before, refused, cut = time.monotonic(), 0, 0, 0
        while True:
            await asyncio.sleep(1)
            parts = [
                f"{time.monotonic() - began_s:7.1f} s{len(self.acknowledged) - before:7} orders acknowledged",
                f"{self.refused - refused:5} refused for now",
                *([f"{self.cut - cut} without an answer"] if self.cut > cut else []),
            ]
            say("  ".join(parts))
            before, refused, cut = len(self.acknowledged), self.refused, self.cut


async def happens(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANGS_S):
        while not condition():  # noqa: ASYNC110 - callers set no event
            await asyncio.sleep(0.001)


async def not_ready(urls: Sequence[str]) -> None:
    """Return once /health/ready of every process says that it cannot place orders."""
    for url in urls:
        client = HttpClient(url)
        async with asyncio.timeout(HANGS_S):
            while (await client.send("GET", "/health/ready")).status == 200:  # noqa: ASYNC110 - it asks a server
                await asyncio.sleep(0.01)
        await client.close()


async def fail_over(site: Site, name: str, phase_s: float) -> int:
    """Kill the primary under load and promote the standby. Return the number of lost and doubled orders."""
    pair, orders = site.pair, Orders()
    urls = [site.url] if site.tls else site.services
    clients = [HttpClient(urls[number % len(urls)], key=site.key, tls=site.tls) for number in range(CALLERS)]
    say(f"{CALLERS} callers place orders:")
    async with asyncio.TaskGroup() as group:
        for number, client in enumerate(clients):
            group.create_task(orders.place(client, f"{name}-{number}"))
        report = group.create_task(orders.report())
        await orders.one_more()
        await asyncio.sleep(phase_s)

        dead, killed_s = pair.primary.port, time.monotonic()
        await asyncio.to_thread(pair.primary.kill)
        say(f"KILLED the primary at port {dead} (SIGKILL to all its processes).")
        await not_ready(site.services)
        say(f"  /health/ready of both processes says no {time.monotonic() - killed_s:.2f} s after the kill.")
        await asyncio.sleep(phase_s)

        first = group.create_task(orders.one_more())
        began_s = time.monotonic()
        await asyncio.to_thread(pair.promote)
        promoted_s = time.monotonic()
        say(f"PROMOTED the standby at port {pair.primary.port}, which took {promoted_s - began_s:.2f} s.")
        first_s = await first
        say(f"  First order acknowledged {max(0.0, first_s - promoted_s):.2f} s after the promotion.")
        say(f"  Without orders for {first_s - killed_s:.2f} s. No process of the service was restarted.")
        await asyncio.sleep(phase_s)
        await asyncio.to_thread(pair.rejoin)
        say(f"REPAIRED: the server at port {dead} follows as the synchronous standby.")
        await orders.one_more()
        orders.ended = True
        report.cancel()
    return await judge(site, orders)


async def judge(site: Site, orders: Orders) -> int:
    """Compare the acknowledged orders with the stored ones, audit the books, print what is found, and return the number
    of faults.
    """
    stored = (await asyncio.to_thread(site.pair.primary.execute, STORED_KEYS)).splitlines()
    lost = orders.acknowledged - set(stored)
    doubled = len(stored) - len(set(stored))
    async with resources_on(site.pair.url) as resources:
        broken = [each.check for each in await audit(resources) if each.deviating]
    say(f"""
  acknowledged orders       {len(orders.acknowledged)}
  refused for now           {orders.refused}, sent again with the same key
  cut without an answer     {orders.cut}, sent again with the same key
  acknowledged and LOST     {len(lost)}
  keys with two orders      {doubled}
  carbon-orders audit       {", ".join(broken) or "every check holds"}
""")
    return len(lost) + doubled + len(broken)


def wants_another() -> bool:
    """Return False at the end of the input."""
    say("The service still runs. Enter kills the primary again; Ctrl-C ends everything.")
    return bool(sys.stdin.readline())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.failover", description=__doc__)
    parser.add_argument("--seconds", type=float, default=PHASE_S, help="length of each phase (default: %(default)s)")
    phase_s = parser.parse_args().seconds
    for each in (signal.SIGINT, signal.SIGTERM):  # a shell starts what runs in its background without Ctrl-C
        signal.signal(each, signal.default_int_handler)
    with suppress(KeyboardInterrupt), site() as running:
        for number in count(1):
            if asyncio.run(fail_over(running, f"round-{number}", phase_s)):
                raise SystemExit("An acknowledged order was lost or doubled.")
            if not wants_another():
                break


if __name__ == "__main__":
    main()
