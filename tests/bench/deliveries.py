"""How fast webhooks arrive while a quarter of the receivers is dead, and whether the worker's memory stays flat.

    python -m tests.bench.deliveries [--per-second 100] [--seconds 60] [--fan-out] [--database sqlite]
    python -m tests.bench.deliveries --memory 200000

One `carbon-orders work` sends to 20 endpoints, of which 5 are dead: two refuse connections, two accept them and answer
nothing, one answers 500. Each endpoint is of an account of its own, or with --fan-out all are of one account, so that
each event is sent 20 times. The time is that from the commit of an event to the arrival of its body, by one clock. The
memory is that of the worker; its growth counts from a first tenth on.
"""

# ruff: noqa: T201, ASYNC110, ASYNC240 - what it prints is its answer, and it waits for what comes by a socket

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from uuid import UUID

import orjson

from service.domain.accounts import Account
from service.domain.events import EventRecorder, EventType
from service.key_pepper import pepper
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.kit.sealing import Sealer
from service.operations.manage_webhooks import create_endpoint
from service.operations.resources import Resources, WebhookOptions
from service.settings import Settings
from service.storage import accounts
from service.storage.database import Database, Statements
from service.storage.events import EVENTS
from service.storage.migrations import migrate
from tests.bench.grounds import address_of
from tests.makers import make_account, make_bundle, make_caller, make_portfolio, store
from tests.server import ROOT, SECRET, environment_of, lasting_port
from tests.serving import port_of, serving

ENDPOINTS, DEAD = 20, 5
GROWTH_MB_MAX = 20
PARTS = 10
BURST = 500
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
FAILED = b"HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Receivers:
    """`arrived_s` has the time of each body by its event and path; `dead` are the addresses of those that are dead."""

    alive: str = ""
    dead: list[str] = field(default_factory=list)
    arrived_s: dict[tuple[str, str], float] = field(default_factory=dict)
    repeated: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            named = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
            body = await reader.readexactly(int(named[b"content-length"]))
            path = head.split(b" ", 2)[1].decode()
            if path == "/500":
                writer.write(FAILED)
                continue
            key = (orjson.loads(body)["id"], path)
            self.repeated += key in self.arrived_s
            self.arrived_s.setdefault(key, time.monotonic())
            writer.write(OK)


@asynccontextmanager
async def receivers() -> AsyncIterator[Receivers]:
    these = Receivers()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(these.answer) as alive, serving(hang) as hanging:
        these.alive = f"http://127.0.0.1:{port_of(alive)}"
        refusing, silent = f"http://127.0.0.1:{lasting_port()}", f"http://127.0.0.1:{port_of(hanging)}"
        these.dead = [f"{refusing}/1", f"{refusing}/2", f"{silent}/1", f"{silent}/2", f"{these.alive}/500"]
        yield these


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "work"),
        cwd=ROOT,
        env=environment_of(url, webhooks_to_loopback="true", log_level="warning"),
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def customers(resources: Resources, these: Receivers, *, is_fan_out: bool) -> list[Account]:
    """The accounts that have events, with all endpoints."""
    bundle = make_bundle()
    portfolio, *weights = make_portfolio({bundle.id: 10_000}, identifier=f"bench-{uuid7()}")
    owners = [make_account(portfolio.id) for _ in range(1 if is_fan_out else ENDPOINTS)]
    await store(resources.database, bundle, portfolio, *weights, *owners)
    urls = [*these.dead, *(f"{these.alive}/{number}" for number in range(ENDPOINTS - DEAD))]
    for url, owner in zip(urls, cycle(owners), strict=False):
        await create_endpoint(resources, make_caller(owner), url=url)
    return owners


async def happen(resources: Resources, owners: list[Account]) -> list[str]:
    """Commit one event of each of the accounts in one transaction; return the ids of the events."""

    async def work(statements: Statements) -> list[UUID]:
        heads = await accounts.lock_heads(statements, {owner.id for owner in owners})
        recorder = EventRecorder(
            {id_: head.event_seq for id_, head in heads.items()}, actor="bench", now=system_clock(), new_id=uuid7
        )
        for owner in owners:
            recorder.record(owner.id, EventType.BUNDLE_ENABLED, bundle_id=str(owner.id))
        await EVENTS.insert(statements, recorder.events)
        await accounts.raise_heads(statements, recorder.event_seqs)
        return [event.id for event in recorder.events]

    return [str(id_) for id_ in await resources.transact(work)]


async def measure(resources: Resources, these: Receivers, owners: list[Account], per_second: int, seconds: int) -> None:
    """Commit events at that rate, each in a transaction of its own, and print the times to their arrival."""
    committed_s: dict[str, float] = {}
    began_s, in_turn = time.monotonic(), cycle(owners)
    for number in range(per_second * seconds):
        await asyncio.sleep(max(0.0, began_s + number / per_second - time.monotonic()))
        (event_id,) = await happen(resources, [next(in_turn)])
        committed_s[event_id] = time.monotonic()
    took_s = time.monotonic() - began_s
    alive = ENDPOINTS - DEAD
    wanted = len(committed_s) * alive // len(owners)
    give_up_at_s = time.monotonic() + 60
    while len(these.arrived_s) < wanted and time.monotonic() < give_up_at_s:
        await asyncio.sleep(0.1)
    waits_ms = [(at_s - committed_s[id_]) * 1000 for (id_, _), at_s in these.arrived_s.items() if id_ in committed_s]
    cuts = statistics.quantiles(waits_ms, n=100)
    print(f"{len(committed_s) / took_s:.0f} events a second, {len(waits_ms) / took_s:.0f} deliveries a second")
    print(f"{len(waits_ms)} of {wanted} arrived, {these.repeated} twice")
    print(f"commit to receipt: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, max {max(waits_ms):.0f} ms")


async def watch(resources: Resources, these: Receivers, owners: list[Account], events: int, pid: int) -> list[float]:
    """Let so many events happen, as fast as they are sent, and return the worker's memory after each part."""
    sizes, happened = [], 0
    for part in range(PARTS):
        began_s = time.monotonic()
        while happened < events * (part + 1) // PARTS:
            for _ in range(BURST // len(owners)):
                happened += len(await happen(resources, owners))
            # Those of dead receivers are never sent, and those of living ones are not to pile up.
            alive = happened * (ENDPOINTS - DEAD) // len(owners)
            while len(these.arrived_s) < alive - 4 * BURST:
                await asyncio.sleep(0.05)
        sizes.append(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4_096 / 1e6)
        rate = events / PARTS / (time.monotonic() - began_s)
        print(f"{happened:>8} events, {rate:.0f} a second: {sizes[-1]:.1f} MB", flush=True)
    return sizes


def processor_s(pid: int) -> float:
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def fresh(kind: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="carbon-orders-bench-") as folder:
        Path(folder).chmod(0o755)
        with address_of(kind, Path(folder), 0) as url:
            yield url


async def run(url: str, told: argparse.Namespace) -> bool:
    await migrate(url)
    database = await Database.open(url)
    sealer = Sealer(pepper(Settings(database_url="sqlite://unused", secret=SECRET)))  # type: ignore[arg-type]
    resources = Resources(database, system_clock, uuid7, webhooks=WebhookOptions(sealer=sealer, loopback=True))
    try:
        async with receivers() as these:
            owners = await customers(resources, these, is_fan_out=told.fan_out)
            async with worker(url) as process:
                await happen(resources, owners)
                while len(these.arrived_s) < ENDPOINTS - DEAD:
                    await asyncio.sleep(0.1)
                these.arrived_s.clear()
                if not told.memory:
                    before_s = processor_s(process.pid)
                    await measure(resources, these, owners, told.per_second, told.seconds)
                    used_ms = (processor_s(process.pid) - before_s) * 1000 / len(these.arrived_s)
                    print(f"processor time of the worker: {used_ms:.1f} ms for each delivery")
                    return True
                sizes = await watch(resources, these, owners, told.memory, process.pid)
                growth = max(sizes) - sizes[0]
                print(f"grew by {growth:.1f} MB after the first tenth")
                return growth <= GROWTH_MB_MAX
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-second", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--fan-out", action="store_true")
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    told = parser.parse_args()
    with fresh(told.database) as url:
        if not asyncio.run(run(url, told)):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
