"""Orders over HTTP on SQLite with synchronous=FULL, 64 clients, beside the same server with groups of one, the queue
without HTTP, and a bare sqlite3 loop that says the same statements in groups of 64.

    python -m tests.bench.orders [--rounds 3] [--seconds 5]

Rounds are interleaved, because the machine is shared: compare the ratios of one run, not the figures of two. Beside
orders a second it tells the processor time of an order, which neighbours disturb less.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import uuid4

from service.domain.accounts import Account
from service.domain.order import PlaceOrder
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.place_orders import placement
from service.operations.resources import Resources
from service.storage.database import Database
from service.storage.migrations import migrate
from tests.bench.raw_loop import Said, orders_per_second, ready_groups, taken_down
from tests.makers import make_command, make_order_request
from tests.server import Server, key_for, serving
from tests.shop import open_shop

CLIENTS = 64
MASS_G = 1_000
STOCK_G = 10**15
BARE_GROUPS = 100
OURS, ONES, QUEUE, RAW = "server, groups of 64", "server, groups of one", "queue without HTTP", "bare loop of 64"
SETTINGS = {"group_size_max": 64}


@dataclass(frozen=True)
class Filled:
    """A database with stock for every run, a key of its account, and what was said to place 64 orders."""

    path: Path
    account: Account
    key: str
    said: Said


async def fill(path: Path) -> Filled:
    await migrate(f"sqlite://{path}")
    database = await Database.open(f"sqlite://{path}")
    shop = await open_shop(database)
    await shop.execute("UPDATE credit_batches SET issued_g = $1, available_g = $1", STOCK_G)
    await shop.place_all(*(command(shop.account) for _ in range(CLIENTS)))
    with taken_down() as said:
        await shop.place_all(*(command(shop.account) for _ in range(CLIENTS)))
    key = await key_for(shop.resources, shop.account.id)
    await database.close()
    return Filled(path, shop.account, key, said)


def command(account: Account) -> PlaceOrder:
    return make_command(account, make_order_request(MASS_G), idempotency_key=f"bench-{uuid4().hex}")


@dataclass(frozen=True)
class Figure:
    """Orders a second, and microseconds of processor time that one took of whoever placed it."""

    rate: float
    cpu_us: float


def cpu_s(pid: int) -> float:
    """Processor seconds of all threads of the process, its own and the system's on its behalf."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


async def over_http(server: Server, key: str, seconds: float) -> Figure:
    before_s = cpu_s(server.process.pid)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.load", server.url, "--key", key, "--seconds", str(seconds)),
        *("--clients", str(CLIENTS), "--mass-g", str(MASS_G)),
        stdout=asyncio.subprocess.PIPE,
    )
    answer = json.loads((await process.communicate())[0])
    assert set(answer["outcomes"]) == {"placed"}, answer
    print(f"  {answer}", file=sys.stderr)
    spent_s = cpu_s(server.process.pid) - before_s
    return Figure(answer["orders_per_second"], spent_s / answer["outcomes"]["placed"] * 1e6)


async def through_queue(filled: Filled, seconds: float) -> Figure:
    """Callers in this process: what placing costs without HTTP and GraphQL."""
    database = await Database.open(f"sqlite://{filled.path}")
    resources = Resources(database, system_clock, uuid7)
    queue, done = placement(resources, group_lock_timeout_ms=250, size_max=CLIENTS, writers=1), count()
    began, before_s = time.perf_counter(), time.process_time()

    async def caller() -> None:
        while time.perf_counter() < began + seconds:
            await queue.submit(command(filled.account))
            next(done)

    await asyncio.gather(*(caller() for _ in range(CLIENTS)))
    took_s, spent_s, orders = time.perf_counter() - began, time.process_time() - before_s, next(done)
    await database.close()
    return Figure(orders / took_s, spent_s / orders * 1e6)


def bare_loop(path: Path, said: Said) -> Figure:
    ready = ready_groups(str(path), said, groups=BARE_GROUPS)
    before_s = time.process_time()
    rate = orders_per_second(str(path), ready, orders=CLIENTS)
    return Figure(rate, (time.process_time() - before_s) / (CLIENTS * BARE_GROUPS) * 1e6)


async def measure(folder: Path, *, rounds: int, seconds: float) -> dict[str, list[Figure]]:
    filled = await fill(folder / "orders.sqlite3")
    paths = {name: folder / f"{index}.sqlite3" for index, name in enumerate((OURS, ONES, QUEUE, RAW))}
    for path in paths.values():
        shutil.copyfile(filled.path, path)
    found: dict[str, list[Figure]] = defaultdict(list)
    async with (
        serving(f"sqlite://{paths[OURS]}", **SETTINGS) as ours,
        serving(f"sqlite://{paths[ONES]}", **{**SETTINGS, "group_size_max": 1}) as ones,
    ):
        for _ in range(rounds):
            found[OURS].append(await over_http(ours, filled.key, seconds))
            found[ONES].append(await over_http(ones, filled.key, seconds))
            found[QUEUE].append(await through_queue(Filled(paths[QUEUE], filled.account, "", []), seconds))
            found[RAW].append(bare_loop(paths[RAW], filled.said))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), rounds=told.rounds, seconds=told.seconds))
    medians = {
        name: Figure(
            statistics.median(each.rate for each in figures), statistics.median(each.cpu_us for each in figures)
        )
        for name, figures in found.items()
    }
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {told.rounds} rounds")
    for name, figures in found.items():
        rates = [each.rate for each in figures]
        print(f"{name:24} {medians[name].rate:7.0f} a second ({min(rates):.0f}..{max(rates):.0f})"
              f" {medians[name].cpu_us:7.0f} us of processor time each")  # fmt: skip
    ours, ones, raw = (medians[name].rate for name in (OURS, ONES, RAW))
    print(f"x groups of one: {ours / ones:.2f}; of the bare loop: {ours / raw:.2f}")


if __name__ == "__main__":
    main()
