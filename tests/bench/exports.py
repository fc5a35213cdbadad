"""How fast orders are exported, and whether the server's memory stays flat meanwhile.

    python -m tests.bench.exports [--orders 200000] [--database sqlite]
Each form of the export of the account with the history is read to its end, after a small one, so that what is loaded
once is not counted. It fails if the resident size grows by more than 50 MB.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import httpx

from tests.bench.compare import OURS, Target, started
from tests.bench.grounds import Ground, address_of, ground
from tests.bench.memory import resident_mb
from tests.server import ROOT

GROWTH_MB_MAX = 50
FORMS = ("csv", "ndjson")
SMALL = "/exports/payments.csv"
CHUNK = 1 << 20


async def exported(client: httpx.AsyncClient, target: Target, path: str) -> tuple[int, float, float]:
    """Return the lines of the export, the seconds that it took, and the largest resident size in megabytes."""
    lines, largest, began = 0, 0.0, time.perf_counter()
    async with client.stream("GET", path) as answer:
        answer.raise_for_status()
        async for chunk in answer.aiter_raw(CHUNK):
            lines += chunk.count(b"\n")
            largest = max(largest, resident_mb(target))
    return lines, time.perf_counter() - began, largest


async def measure(on: Ground) -> float:
    """Return by how many megabytes the server grew."""
    growth = 0.0
    async with started(OURS, ("service", "serve"), ROOT, url=on.url) as target:
        address, headers = f"http://127.0.0.1:{target.port}", {"Authorization": f"Bearer {on.reader_key}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=600) as client:
            await exported(client, target, SMALL)
            before = resident_mb(target)
            for form in FORMS:
                lines, took_s, largest = await exported(client, target, f"/exports/orders.{form}")
                growth = max(growth, largest - before)
                print(f"{form:>6}: {lines:,} lines, {lines / took_s:,.0f} a second, {largest - before:+.1f} MB")
    return growth


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "carbon-orders-bench")
    told = parser.parse_args()
    with address_of(told.database, told.folder, told.orders) as url:
        growth = asyncio.run(measure(asyncio.run(ground(url, told.orders))))
    if growth > GROWTH_MB_MAX:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
