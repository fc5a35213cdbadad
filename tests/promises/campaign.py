"""A campaign: the service as processes of its own under load, a series of faults, and the judgement of the history.

Knows how the service is started and how a fault is waited for; the faults are in tests/promises/faults.py.
"""

import asyncio
import inspect
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from service.domain.amounts import Money
from service.operations.record_payment import record_payment
from service.storage.database import Database
from tests.http_client import HttpClient
from tests.makers import TONNE_G, make_batch, store
from tests.promises.callers import Callers, Customer, call_every_api, probe_readiness
from tests.promises.history import BROKEN, UNAVAILABLE, History, Window, now_s
from tests.server import READY_S, ROOT, environment_of, key_for, lasting_port
from tests.shop import Shop, open_shop
from tests.waiting import HANGS_S

CUSTOMERS = 4
STOCK_G = 1_000_000_000 * TONNE_G
BALANCE_MINOR = 10**13
REFUSALS_MIN = 10
"""So many calls are refused before an outage ends."""


class Process:
    """A process of the service at one address, which may be killed and started again. `before` is a command that starts
    it.
    """

    def __init__(self, database_url: str, log: Path, *, before: Sequence[str] = (), **settings: object) -> None:
        self.port = lasting_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._environment = environment_of(database_url, **{"log_level": "info", "log_json": "true", **settings})
        self._before = before
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; return once it is ready."""
        await self.begin()
        await self.until_ready()

    async def begin(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(*self._before, sys.executable, "-m", "service", "serve", "--port", str(self.port)),
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    async def until_ready(self) -> None:
        client = HttpClient(self.url)
        async with asyncio.timeout(READY_S):
            while True:
                assert self._process is not None
                assert self._process.returncode is None, self.log.read_text()[-3_000:]
                with suppress(OSError, EOFError):
                    if (await client.send("GET", "/health/ready")).status == 200:
                        break
                await asyncio.sleep(0.02)
        await client.close()

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def end(self, how: signal.Signals) -> int:
        """Return the exit code, negative for the signal that killed it."""
        self.send(how)
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), READY_S)

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self.send(signal.SIGCONT)
            await self.end(signal.SIGKILL)

    def unexpected(self) -> list[str]:
        """Return the lines of the log that tell of a fault of the program, or that no part of the service writes."""
        told = self.log.read_text().splitlines()
        return [line for line in told if '"fault"' in line or not line.startswith(("{", "carbon-orders: "))]


@dataclass
class Campaign:
    """Means of a fault. `server` holds the database: a server, a pair of servers or a file."""

    processes: list[Process]
    callers: Callers
    customers: list[Customer]
    history: History
    server: Any
    orders_between: int
    """Orders that are acknowledged before a process is killed, so that the callers are in full swing."""
    opened: dict[str, int] = field(default_factory=dict)

    @property
    def process(self) -> Process:
        return self.processes[0]

    @asynccontextmanager
    async def window(self, fault: str, **facts: Any) -> AsyncIterator[Window]:
        """Inside, something fails, and `healed` is called when it is there again. Ends once orders are placed again and
        every process is ready.
        """
        await self.callers.acknowledged(1)
        window = Window(fault, began_s=now_s(), **facts)
        self.opened = dict(self.history.outcomes)
        yield window
        if not window.healed_s:
            window.healed_s = now_s()
        await self.callers.acknowledged(len(self.customers))
        await self.until(lambda: all(self.history.last_probe.get(each.url) == 200 for each in self.processes))
        window.over_s = now_s()
        self.history.add(window)

    async def refused(self) -> None:
        """Return once calls of this window were refused for now, and readiness is red."""
        await self.until(lambda: self._since(UNAVAILABLE) >= REFUSALS_MIN)
        await self.not_ready()

    async def not_ready(self) -> None:
        """Return once readiness is red."""
        await self.until(lambda: self.history.last_probe.get(self.process.url) != 200)

    async def refused_everywhere(self) -> None:
        """Return once every API has refused a call: keys that were looked up a moment ago are believed for a second."""
        await self.refused()
        await asyncio.sleep(1.1)
        await call_every_api(self.process.url, self.customers[0], self.history)

    async def read(self, count: int) -> None:
        """Return once so many more reads were answered."""
        target = self.history.reads + count
        await self.until(lambda: self.history.reads >= target)

    def _since(self, outcome: str) -> int:
        return self.history.outcomes.get(outcome, 0) - self.opened.get(outcome, 0)

    async def until(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(HANGS_S):
            while not happened():
                self.callers.check()
                assert not self.history.outcomes.get(BROKEN), "an answer was a 500, or made no sense"
                await asyncio.sleep(0.01)


Fault = Callable[[Campaign], Awaitable[None]]


@asynccontextmanager
async def campaign(
    folder: Path,
    database_url: str,
    server: Any,
    *,
    direct_url: str | None = None,
    processes: int = 1,
    through: Callable[[Sequence[Process]], Any] | None = None,
    before: Sequence[str] = (),
    callers: int = 16,
    pause_s: float = 0.02,
    orders_between: int = 20,
    seed: int = 1,
    tls: ssl.SSLContext | None = None,
    **settings: object,
) -> AsyncIterator[Campaign]:
    """A service with stock, customers and callers. `direct_url` addresses the database past a pooler or a proxy.
    `through` returns the addresses that callers use in the place of the processes' own. Once the block is left,
    callers have got an answer for every key.
    """
    customers = await open_for_business(direct_url or database_url)
    served = [Process(database_url, folder / f"log-{number}", before=before, **settings) for number in range(processes)]
    try:
        for process in served:
            await process.start()
        with History(folder / "history") as history:
            urls = through(served) if through else [each.url for each in served]
            urls = await urls if inspect.isawaitable(urls) else urls
            crowd = Callers(urls, customers, history, count=callers, pause_s=pause_s, seed=seed, tls=tls)
            probes = [asyncio.create_task(probe_readiness(each.url, history)) for each in served]
            try:
                crowd.begin()
                yield Campaign(served, crowd, customers, history, server, orders_between)
                await crowd.end()
            finally:
                crowd.cancel()
                for probe in probes:
                    probe.cancel()
                await asyncio.gather(*probes, return_exceptions=True)
    finally:
        for process in served:
            await process.close()


async def open_for_business(database_url: str) -> list[Customer]:
    """Stock that never runs out, and customers of whom every other one has a balance and pays from it."""
    database = await Database.open(database_url)
    try:
        shop = await open_shop(database)
        projects = (shop.forest_project.id, shop.deep.project_id)
        await store(database, *(make_batch(shop.forest_project, STOCK_G, project_id=each) for each in projects))
        accounts = [shop.account, *[await shop.another_account() for _ in range(CUSTOMERS - 1)]]
        return [await _customer(shop, account, pays=number % 2 == 0) for number, account in enumerate(accounts)]
    finally:
        await database.close()


async def _customer(shop: Shop, account: Any, *, pays: bool) -> Customer:
    if pays:
        caller = replace(shop.caller, account=account)
        await record_payment(shop.resources, caller, account.id, "first", Money(BALANCE_MINOR, "USD"))
    return Customer(str(account.id), await key_for(shop.resources, account.id), pays)
