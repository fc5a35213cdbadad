"""The load generator of reads and orders: so many connections, each sending its next request as the last is answered.

    python -m tests.bench.fire REQUESTS.json --port 8000 --clients 16 --seconds 2
Runs in a process of its own and imports next to nothing, so that it takes little of the cores that it shares with the
server. REQUESTS.json is a list of what is sent in turn: the JSON bodies of GraphQL, or for other addresses
[method, path, further headers, body]. Prints one JSON object.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop


class Shooter(asyncio.Protocol):
    """One connection. Counts an answer when its bytes are all there; anything but success without errors is a fault."""

    def __init__(self, requests: Iterator[bytes], ends_at: float, done: asyncio.Event) -> None:
        self._requests = requests
        self._ends_at = ends_at
        self._done = done
        self._heard = bytearray()
        self._asked_at = 0.0
        self.latencies_ms: list[float] = []
        self.faults: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by class
        self._shoot()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head_end = self._heard.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = bytes(self._heard[:head_end]).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self._heard) < head_end + 4 + length:
            return
        now = time.perf_counter()
        self.latencies_ms.append((now - self._asked_at) * 1_000)
        body = self._heard[head_end + 4 :]
        if (
            not head.startswith((b"http/1.1 200", b"http/1.1 201"))
            or body.find(b'"errors"', 0, 12) >= 0
            or b'"userErrors":[{' in body
        ):
            self.faults.append(bytes(self._heard[:300]).decode("latin-1"))
        self._heard.clear()
        if now < self._ends_at:
            self._shoot()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self._done.set()

    def _shoot(self) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(next(self._requests))


async def fire(port: int, requests: list[bytes], *, clients: int, seconds: float) -> dict[str, object]:
    """What was answered within the time, and how fast."""
    began = time.perf_counter()
    endless, dones, shooters = cycle(requests), [asyncio.Event() for _ in range(clients)], []
    for done in dones:
        shooter = Shooter(endless, began + seconds, done)
        await asyncio.get_running_loop().create_connection(lambda s=shooter: s, "127.0.0.1", port)  # type: ignore[misc]
        shooters.append(shooter)
    async with asyncio.timeout(seconds + 30):
        for done in dones:
            await done.wait()
    took_s = time.perf_counter() - began
    latencies_ms = sorted(each for shooter in shooters for each in shooter.latencies_ms)
    faults = [fault for shooter in shooters for fault in shooter.faults]
    return {
        "answers": len(latencies_ms),
        "per_second": len(latencies_ms) / took_s,
        "p50_ms": latencies_ms[len(latencies_ms) // 2],
        "p99_ms": latencies_ms[len(latencies_ms) * 99 // 100],
        "faults": len(faults),
        "fault": faults[:1],
    }


def request_bytes(asked: str | tuple[str, str, dict[str, str], str], key: str) -> bytes:
    method, path, further, body = ("POST", "/graphql", {}, asked) if isinstance(asked, str) else asked
    content = body.encode()
    headers = {"host": "bench", "authorization": f"Bearer {key}", "content-type": "application/json", **further}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}content-length: {len(content)}\r\n\r\n".encode() + content


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("requests", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2)
    told = parser.parse_args()
    requests = [request_bytes(asked, told.key) for asked in json.loads(told.requests.read_text())]
    answer = uvloop.run(fire(told.port, requests, clients=told.clients, seconds=told.seconds))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
