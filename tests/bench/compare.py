"""`make bench`: the service beside a naive server, beside itself with groups of one, and beside the limit.

    python -m tests.bench.compare [--orders 200000] [--rounds 5] [--seconds 2] [--database sqlite] [--only Q1 …]
    python -m tests.bench.compare --base HEAD~20 --target ours --target base
With --base an earlier commit is served from a git worktree as one more target: what a change has cost.
Rounds are interleaved and a ratio is of one round, because other work on the machine slows all of a round alike:
compare ratios, never the figures of two runs. Beside answers a second it counts the processor time that the server
spent on each, which neighbours disturb less.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.bench.base import worktree_of
from tests.bench.documents import READS, reads, writes
from tests.bench.grounds import Ground, address_of, ground
from tests.bench.report import Found, Measured, print_table, write_report
from tests.http_client import HttpClient
from tests.server import ROOT, environment_of, free_port

CLIENTS = {"Q": 16, "M": 64}
OURS, NAIVE, ONES, LIMIT, BASE = "ours", "naive", "groups of one", "limit", "base"
WITHOUT: dict[str, dict[str, object]] = {
    "no plans": {"plans_enabled": False},
    "no query batching": {"query_batching_enabled": False},
    "no loop reader": {"loop_read_ms": 0},
}
"""Targets that show what one part of the service is worth: the service without it. Measured only if they are named."""
HOT, MANY = "M1 hot", "M1 on 50"
WRITES_A_RUN = 40_000
READY_S = 120


@dataclass(frozen=True)
class Target:
    """A server that is up."""

    name: str
    port: int
    pid: int

    def cpu_s(self) -> float:
        """The processor time that the process has had."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def started(name: str, module: Sequence[str], root: Path, **settings: object) -> AsyncIterator[Target]:
    """A server of the module below `root`, whose package is the one that it imports."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *module, "--port", str(port)),
        cwd=root,
        env=environment_of(str(settings.pop("url")), workers_embedded=False, log_level="info", **settings),
        stderr=asyncio.subprocess.DEVNULL,  # lines are written, as in use; nobody reads them
    )
    try:
        async with asyncio.timeout(READY_S):
            while True:
                try:
                    client = HttpClient(f"http://127.0.0.1:{port}")
                    await client.post("/graphql", json.dumps({"query": READS["Q1"]}).encode())
                    await client.close()
                    break
                except OSError:
                    await asyncio.sleep(0.1)
        yield Target(name, port, process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def fired(target: Target, bodies: list[str], key: str, *, clients: int, seconds: float) -> Measured:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(bodies, file)
        file.flush()
        before_s = target.cpu_s()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.fire", file.name, "--port", str(target.port), "--key", key),
            *("--clients", str(clients), "--seconds", str(seconds)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        said = json.loads((await process.communicate())[0])
        spent_s = target.cpu_s() - before_s
    allowed = said["answers"] // 20 if target.name in {NAIVE, ONES} else 0  # these run into their time limits
    assert said["faults"] <= allowed, f"{target.name}: {said['faults']} of {said['answers']} failed: {said['fault']}"
    return Measured(said["per_second"], spent_s / said["answers"] * 1e6, said["p50_ms"], said["p99_ms"])


async def same_answers(targets: Sequence[Target], on: Ground) -> None:
    """Every target says the same, or there is nothing to compare."""
    for name in READS:
        body = reads(name, on.order_ids)[0].encode()
        answers = {}
        for target in targets:
            client = HttpClient(f"http://127.0.0.1:{target.port}", key=on.reader_key)
            answers[target.name] = (await client.post("/graphql", body)).json["data"]
            await client.close()
        first = answers[targets[0].name]
        for target in targets:
            assert answers[target.name] == first, f"{name}: {target.name} says {str(answers[target.name])[:500]}"


def commands(on: Ground, base: Path | None) -> dict[str, tuple[Sequence[str], Path, dict[str, object]]]:
    """How each target is started, where, and its settings."""
    serve = ("service", "serve")
    targets: dict[str, tuple[Sequence[str], Path, dict[str, object]]] = {
        OURS: (serve, ROOT, {}),
        NAIVE: (("tests.bench.naive",), ROOT, {}),
        ONES: (serve, ROOT, {"group_size_max": 1, "group_writers": 8}),
        LIMIT: (("tests.bench.limit", "--url", on.url, "--account", on.reader_id), ROOT, {}),
    }
    targets |= {name: (serve, ROOT, settings) for name, settings in WITHOUT.items()}
    return targets if base is None else {**targets, BASE: (serve, base, {})}


async def measure(
    on: Ground, wanted: Sequence[str], names: Sequence[str], *, base: Path | None, rounds: int, seconds: float
) -> Found:
    found: Found = defaultdict(lambda: defaultdict(list))
    async with AsyncExitStack() as stack:
        targets = {
            name: await stack.enter_async_context(started(name, module, root, url=on.url, **settings))
            for name, (module, root, settings) in commands(on, base).items()
            if name in names
        }
        await same_answers([each for each in targets.values() if each.name != ONES], on)
        for round_number in range(rounds + 1):
            for name in wanted:
                reading = name in READS
                bundles = on.bundle_ids[:1] if name == HOT else on.bundle_ids
                # There and back, so that nobody always has what the one before left the database to do.
                for target in list(targets.values())[:: 1 if round_number % 2 else -1]:
                    if target.name == (ONES if reading else LIMIT):
                        continue
                    bodies = reads(name, on.order_ids) if reading else writes(bundles, WRITES_A_RUN)
                    key = on.reader_key if reading else on.buyer_key
                    took = seconds if round_number else 0.5  # a first round warms caches and is not counted
                    measured = await fired(target, bodies, key, clients=CLIENTS[name[0]], seconds=took)
                    if round_number:
                        found[name][target.name].append(measured)
            print(f"round {round_number} of {rounds}", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        epilog="Example: python -m tests.bench.compare --base HEAD~20 --target ours --target base"
    )
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], action="append")
    parser.add_argument("--only", choices=[*READS, HOT, MANY], action="append")
    parser.add_argument("--target", choices=[OURS, NAIVE, ONES, LIMIT, BASE, *WITHOUT], action="append")
    parser.add_argument("--base", metavar="COMMIT", help="serve this commit too; its migrations have to be ours")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "carbon-orders-bench")
    parser.add_argument("--report", action="store_true", help="write docs/performance.md")
    told = parser.parse_args()
    if BASE in (told.target or ()) and told.base is None:
        parser.error("--target base needs --base COMMIT")
    every: dict[str, Found] = {}
    with worktree_of(told.base) if told.base else nullcontext() as base:
        for kind in told.database or ["postgresql", "sqlite"]:
            with address_of(kind, told.folder, told.orders) as url:
                on = asyncio.run(ground(url, told.orders))
                names = told.target or [OURS, NAIVE, ONES, LIMIT, BASE]
                wanted = told.only or [*READS, HOT, MANY]
                measuring = measure(on, wanted, names, base=base, rounds=told.rounds, seconds=told.seconds)
                every[kind] = asyncio.run(measuring)
            print_table(kind, every[kind])
    if told.report:
        write_report(ROOT / "docs", every, orders=told.orders, rounds=told.rounds, seconds=told.seconds)


if __name__ == "__main__":
    main()
