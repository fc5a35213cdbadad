"""Time that customers wait, and memory of the server, while a caller without a key sends the costliest requests.

    python -m tests.bench.anonymous [--database sqlite] [--pairs 5] [--seconds 15] [--costs]
The attacker has one socket, and one more for each of two slow requests, and sends the requests below in turn, as fast
as they are answered. Customers read and order at a steady rate. Each pair is a run without the attacker and one with
it, in alternating order; the growth of the customers' 99th percentile is taken within a pair, because other work on the
machine slows both. It ends with 1 if the median growth is 50 ms or more, or the server has grown by more than 20 MB.

Limits are those that the service has by default. --costs prints the server's processor time for each request instead.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count, cycle
from pathlib import Path

from graphql import get_introspection_query

from service.settings import Settings
from service.storage.migrations import migrate
from tests.bench.grounds import address_of
from tests.http_client import HttpClient
from tests.promises.callers import ORDER, ORDERS, Customer
from tests.promises.campaign import open_for_business
from tests.server import Server, serving

GROWTH_MS_MAX, MEMORY_MB_MAX = 50, 20
CLIENTS, A_SECOND = 8, 10
"""Customers' connections, and the requests of each in a second."""
SETTLE_S = 1
COSTED = 10
DEFAULTS = Settings(database_url="sqlite://unused")


def post(body: bytes, path: str = "/graphql", **headers: str) -> bytes:
    """Return the bytes of a request."""
    said = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body


def get(path: str, **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nhost: a\r\n{lines}\r\n".encode()


def document(text: str, **variables: object) -> bytes:
    return post(json.dumps({"query": text, "variables": variables}).encode())


DEEP = "{ name fields { name type { name fields { name type { name fields { name } } } } } }"
FRAGMENTS = 60


def aliases(number: int) -> bytes:
    spread = " ".join(f"a{each}: __schema {{ types {{ ...D }} }}" for each in range(30))
    return document(f"query Q{number} {{ {spread} }} fragment D on __Type {DEEP}")


def fragments(number: int) -> bytes:
    each = [f"fragment F{n} on Order {{ client {{ id }} ...F{n + 1} ...F{n + 1} }}" for n in range(FRAGMENTS)]
    last = f"fragment F{FRAGMENTS} on Order {{ id }}"
    return document(f"query Q{number} {{ orders {{ nodes {{ ...F0 }} }} }} {' '.join(each)} {last}")


def tokens(number: int) -> bytes:
    fields = " ".join(f"f{number}_{each}: __typename" for each in range(450))
    return document(f"{{ {fields} }}")


def wrong_arguments(number: int) -> bytes:
    wrong = ", ".join(f"x{number}_{each}: 1" for each in range(99))
    return document(f"{{ orders(filter: {{{wrong}}}) {{ totalCount }} }}")


def wrong_fields(number: int) -> bytes:
    return document(f"{{ {' '.join(f'orderz{number}_{each}' for each in range(900))} }}")


def introspection(number: int) -> bytes:
    return document(get_introspection_query().replace("IntrospectionQuery", f"I{number}"))


def large_variables(number: int) -> bytes:
    return document("query ($v: [ID!]!) { nodes(ids: $v) { id } }", v=[f"{number}-{each}" for each in range(5_000)])


def deep_variables(number: int) -> bytes:
    nested = b"[%b]" % b",".join([b"[" * 200 + b"]" * 200] * 200)
    return post(b'{"query": "{ __typename }", "variables": {"v%d": %b}}' % (number, nested))


def bad_utf8(number: int) -> bytes:
    return post(b'{"query": "{ a%d' % number + b"\xc3\x28\xff" * 33_000 + b'}"}')


def many_headers(number: int) -> bytes:
    return get("/health/live", **{f"x{number}_{each}": "y" * 12 for each in range(1_000)})


def long_url(number: int) -> bytes:
    return get(f"/graphql?query=%7B{'a%20' * 2_000}{number}%7D")


def unknown_key(number: int) -> bytes:
    key = f"co_live_{number:014d}_{'a' * 40}"
    return post(b'{"query": "{ orders { totalCount } }"}', authorization=f"Bearer {key}")


def guessed_link(number: int) -> bytes:
    return get(f"/certificates/{number:043d}.pdf")


def rest_body(number: int) -> bytes:
    return post(b'{"a%d": "' % number + b"x" * 90_000 + b'"}', "/lune/v1/orders/by-mass")


def reference(_number: int) -> bytes:
    return get("/lune/openapi.json")


COSTLY: dict[str, Callable[[int], bytes]] = {
    "introspection with 30 aliases": aliases,
    "fragments that double": fragments,
    "450 aliases": tokens,
    "99 wrong fields of an input object": wrong_arguments,
    "900 wrong fields": wrong_fields,
    "introspection of a tool": introspection,
    "5,000 ids in variables": large_variables,
    "200 variables of 200 levels": deep_variables,
    "100 kB that are no UTF-8": bad_utf8,
    "1,000 headers": many_headers,
    "URL of 8 kB": long_url,
    "unknown key": unknown_key,
    "guessed link of a certificate": guessed_link,
    "REST body of 90 kB": rest_body,
    "OpenAPI document": reference,
}
"""Requests of one caller without a key; each has another text every time, so that no cache knows it."""
SLOW = {
    "body that arrives slowly": post(b"x" * 90_000)[:200],
    "headers that arrive slowly": b"POST /graphql HTTP/1.1\r\nhost: a\r\n",
}


def resident_mb(server: Server) -> float:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_s(server: Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def attack(port: int, seconds: float, makers: Sequence[Callable[[int], bytes]]) -> Counter[int]:
    """Send the requests in turn until the time is over; return how many were answered, by status."""
    client = HttpClient(f"http://127.0.0.1:{port}")
    answered: Counter[int] = Counter()
    # From another number each time: a text that was sent in a run before would be known.
    numbers = count(time.time_ns() % 10**9)
    requests: Iterator[Callable[[int], bytes]] = cycle(makers)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        try:
            answered[(await client.send_bytes(next(requests)(next(numbers)))).status] += 1
        except (OSError, EOFError):
            answered[0] += 1  # closed without an answer
    await client.close()
    return answered


async def attack_slowly(port: int, seconds: float, start: bytes) -> None:
    """Send a byte at a time, and begin again when the connection was closed."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start)
            while time.monotonic() < end_s and not writer.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0.2)
            writer.close()


async def attack_in_every_way(port: int, seconds: float) -> None:
    """Attack as the process of its own that the attacker is, and print the statuses."""
    slow = [attack_slowly(port, seconds, start) for start in SLOW.values()]
    answered, *_ = await asyncio.gather(attack(port, seconds, list(COSTLY.values())), *slow)
    print(json.dumps({str(status): number for status, number in sorted(answered.items())}))


async def waits_ms(server: Server, customers: Sequence[Customer], seconds: float, refused: Counter[str]) -> list[float]:
    """Return how long each request of the customers took, and count those that were refused for now."""
    waits: list[float] = []
    run = f"{time.time_ns()}"

    async def one(number: int) -> None:
        client = server.client(customers[number % len(customers)].key)
        begins_s = time.monotonic() + number / CLIENTS / A_SECOND
        for turn in range(int(seconds * A_SECOND)):
            await asyncio.sleep(max(0.0, begins_s + turn / A_SECOND - time.monotonic()))
            asked_s = time.monotonic()
            if turn % 4:
                answer = await client.graphql(ORDERS)
            else:
                wanted = {"mass": {"amount": "1", "unit": "KILOGRAM"}, "idempotencyKey": f"{run}-{number}-{turn}"}
                answer = await client.graphql(ORDER, {"input": wanted})
            if answer.status == 503:
                refused["503"] += 1
            else:
                assert answer.status == 200, answer.body
                assert b'"errors"' not in answer.body, answer.body
            waits.append((time.monotonic() - asked_s) * 1_000)
        await client.close()

    await asyncio.gather(*map(one, range(CLIENTS)))
    return waits


def p99(waits: Sequence[float]) -> float:
    return sorted(waits)[len(waits) * 99 // 100]


async def compare(server: Server, customers: Sequence[Customer], pairs: int, seconds: float) -> bool:
    """Run the pairs and print what was found; return whether it is within the limits."""
    attacker = (sys.executable, "-m", "tests.bench.anonymous", "--seconds", str(seconds), "--attack")
    port = server.url.rpartition(":")[2]

    async def attacked() -> float:
        process = await asyncio.create_subprocess_exec(*attacker, port, stdout=asyncio.subprocess.PIPE)
        waits = await waits_ms(server, customers, seconds, refused)
        told, _ = await process.communicate()
        answered.update(json.loads(told))
        return p99(waits)

    async def alone() -> float:
        return p99(await waits_ms(server, customers, seconds, Counter()))

    runs: dict[str, Callable[[], Awaitable[float]]] = {"without": alone, "with": attacked}
    answered, refused = Counter[str](), Counter[str]()
    await waits_ms(server, customers, min(5, seconds), Counter())
    growths: list[float] = []
    before_mb = resident_mb(server)
    for number in range(pairs):
        found = {}
        for name in ("without", "with") if number % 2 == 0 else ("with", "without"):
            found[name] = await runs[name]()
            await asyncio.sleep(SETTLE_S)
        growths.append(found["with"] - found["without"])
        print(f"p99 {found['without']:.1f} ms without, {found['with']:.1f} ms with, {resident_mb(server):.0f} MB")
    growth_ms, grown_mb = statistics.median(growths), resident_mb(server) - before_mb
    print(f"the attacker's answers by status: {dict(sorted(answered.items()))}; customers refused: {dict(refused)}")
    print(f"median growth of the p99: {growth_ms:.1f} ms, at most {max(growths):.1f} ms; memory {grown_mb:+.1f} MB")
    return growth_ms < GROWTH_MS_MAX and grown_mb <= MEMORY_MB_MAX


async def print_costs(server: Server) -> bool:
    """Print the processor time of each request, without the limit of an address."""
    client = HttpClient(server.url)
    numbers = count()
    rows = []
    for name, make in COSTLY.items():
        requests = [make(next(numbers)) for _ in range(COSTED)]
        before_s, statuses = processor_s(server), Counter[int]()
        for request in requests:
            try:
                statuses[(await client.send_bytes(request)).status] += 1
            except (OSError, EOFError):
                statuses[0] += 1
        rows.append(((processor_s(server) - before_s) / COSTED * 1_000, name, dict(statuses)))
    await client.close()
    for took_ms, name, statuses in sorted(rows, key=lambda row: -row[0]):
        print(f"{took_ms:7.2f} ms  {name}  {dict(statuses)}")
    return True


async def measured(kind: str, pairs: int, seconds: float, *, costs: bool) -> bool:
    points = 10**9 if costs else DEFAULTS.address_points_a_minute
    with tempfile.TemporaryDirectory() as folder, address_of(kind, Path(folder), 0) as url:
        await migrate(url)
        customers = await open_for_business(url)
        async with serving(url, address_points_a_minute=points) as server:
            return await (print_costs(server) if costs else compare(server, customers, pairs, seconds))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--costs", action="store_true", help="print the processor time of each request")
    parser.add_argument("--attack", type=int, metavar="PORT", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.attack:
        asyncio.run(attack_in_every_way(told.attack, told.seconds))
        return
    is_within = asyncio.run(measured(told.database, told.pairs, told.seconds, costs=told.costs))
    sys.exit(0 if is_within else 1)


if __name__ == "__main__":
    main()
