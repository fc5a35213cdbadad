"""Whether the server's memory stays flat: mixed requests, many of them new documents, while its resident size is read.

    python -m tests.bench.memory [--requests 200000] [--database sqlite]
Among them are pages, single orders and documents that nobody has sent before, which is what caches grow by. The size
is that after a first tenth, when every cache that is bounded has its shape; it fails above 20 MB more.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import json
import random
import tempfile
from pathlib import Path

from tests.bench.compare import OURS, Target, fired, started
from tests.bench.documents import Q1, Q3
from tests.bench.grounds import Ground, address_of, ground
from tests.server import ROOT

GROWTH_MB_MAX = 20
PARTS = 10
NEW_DOCUMENTS = 300
"""Of each part, beside thousands of repeated ones: more than are kept, over a run."""


def resident_mb(target: Target) -> float:
    pages = int(Path(f"/proc/{target.pid}/statm").read_text().split()[1])
    return pages * 4_096 / 1e6


def mixed(on: Ground, part: int) -> list[str]:
    """Bodies of one part, in a fixed shuffle."""
    bodies = [json.dumps({"query": Q1})] * 300
    bodies += [json.dumps({"query": Q3, "variables": {"id": id_}}) for id_ in on.order_ids]
    bodies += [
        json.dumps({"query": f"{{ o{part}_{number}: orders(first: 2) {{ nodes {{ number }} }} }}"})
        for number in range(NEW_DOCUMENTS)
    ]
    random.Random(part).shuffle(bodies)
    return bodies


async def watch(on: Ground, requests: int) -> list[float]:
    """The resident size after each part, in megabytes."""
    sizes = []
    async with started(OURS, ("service", "serve"), ROOT, url=on.url) as target:
        for part in range(PARTS):
            answered = 0
            while answered < requests / PARTS:
                measured = await fired(target, mixed(on, part), on.reader_key, clients=16, seconds=2)
                answered += int(measured.per_second * 2)
            sizes.append(resident_mb(target))
            print(f"{(part + 1) * requests // PARTS:>8} requests: {sizes[-1]:.1f} MB", flush=True)
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "carbon-orders-bench")
    told = parser.parse_args()
    with address_of(told.database, told.folder, told.orders) as url:
        on = asyncio.run(ground(url, told.orders))
        sizes = asyncio.run(watch(on, told.requests))
    growth = max(sizes) - sizes[0]
    print(f"grew by {growth:.1f} MB after the first tenth")
    if growth > GROWTH_MB_MAX:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
