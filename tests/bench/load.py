"""The load generator, in a process of its own: so many clients send orders for so many seconds, each as fast as it can.

Prints one JSON object. It knows the address, the keys and what to send; it must not know the server.
    python -m tests.bench.load URL --key KEY [--key KEY …] --clients 64 --seconds 5
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import json
import time
from collections import Counter
from itertools import count
from uuid import uuid4

import uvloop

from tests.crowd import PLACED, order, wanted
from tests.http_client import HttpClient


async def load(url: str, keys: list[str], *, clients: int, seconds: float, mass_g: int) -> dict[str, object]:
    """What was answered within the time, and how fast: latencies in milliseconds."""
    run, numbers = uuid4().hex, count()
    outcomes: Counter[str] = Counter()
    latencies_ms: list[float] = []
    began = time.perf_counter()

    async def client(key: str) -> None:
        connection = HttpClient(url, key=key)
        while (asked_at := time.perf_counter()) < began + seconds:
            answered = await order(connection, wanted(mass_g, f"{run}-{next(numbers)}"))
            outcomes[answered.outcome] += 1
            latencies_ms.append((time.perf_counter() - asked_at) * 1_000)
        await connection.close()

    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(client(keys[number % len(keys)]))
    took_s = time.perf_counter() - began
    latencies_ms.sort()
    return {
        "orders_per_second": round(outcomes[PLACED] / took_s, 1),
        "p50_ms": round(latencies_ms[len(latencies_ms) // 2], 1),
        "p99_ms": round(latencies_ms[len(latencies_ms) * 99 // 100], 1),
        "outcomes": dict(outcomes),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--key", action="append", required=True)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--mass-g", type=int, default=1_000)
    told = parser.parse_args()
    answer = uvloop.run(load(told.url, told.key, clients=told.clients, seconds=told.seconds, mass_g=told.mass_g))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
