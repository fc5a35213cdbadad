"""Cost of the query `price` beside the read of one order with the same facts, in processor time of the server.

    python -m tests.bench.prices [--rounds 5] [--seconds 1] [--database sqlite]
Both are asked one after the other in every round; the ratio is the median of the rounds.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import json
import statistics
import tempfile
from pathlib import Path

from tests.bench.compare import OURS, fired, started
from tests.bench.grounds import Ground, address_of, ground
from tests.server import ROOT

CLIENTS = 16
COST = "mass { grams } totalCost { amount currency } lines { bundle { name } mass { grams } }"
ORDER = f"query ($id: ID!) {{ order(by: {{id: $id}}) {{ {COST} }} }}"
PRICE = f"query ($input: PriceInput!) {{ price(input: $input) {{ price {{ {COST} }} userErrors {{ code }} }} }}"


async def measure(on: Ground, rounds: int, seconds: float) -> None:
    selection = [{"bundleId": on.bundle_ids[0], "percentage": "100"}]
    wanted = {"mass": {"amount": "1.2", "unit": "TONNE"}, "selection": selection}
    bodies = {
        "order": [json.dumps({"query": ORDER, "variables": {"id": id_}}) for id_ in on.order_ids],
        "price": [json.dumps({"query": PRICE, "variables": {"input": wanted}})],
    }
    keys = {"order": on.reader_key, "price": on.buyer_key}
    spent: dict[str, list[float]] = {"order": [], "price": []}
    async with started(OURS, ("service", "serve"), ROOT, url=on.url) as target:
        for _ in range(rounds + 1):
            for name, asked in bodies.items():
                measured = await fired(target, asked, keys[name], clients=CLIENTS, seconds=seconds)
                spent[name].append(measured.cpu_us)
    for name, cpu_us in spent.items():
        print(f"{name}: {statistics.median(cpu_us[1:]):.0f} µs")  # the first round warms caches
    ratios = [price / order for order, price in zip(spent["order"][1:], spent["price"][1:], strict=True)]
    print(f"ratio: {statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "carbon-orders-bench")
    told = parser.parse_args()
    with address_of(told.database, told.folder, told.orders) as url:
        asyncio.run(measure(asyncio.run(ground(url, told.orders)), told.rounds, told.seconds))


if __name__ == "__main__":
    main()
