"""What was measured, as a table of ratios, a page and a chart. Knows no target but by its name."""

# ruff: noqa: T201 - what it prints is its answer

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True)
class Measured:
    """One run of one target."""

    per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float


Found: TypeAlias = Mapping[str, Mapping[str, list[Measured]]]
"""By what was asked, by target: one measurement a round."""

OURS = "ours"


@dataclass(frozen=True)
class Ratio:
    """The median over the rounds, and the span of its middle half."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}..{self.high:.2f})"


def ratio(ours: list[Measured], other: list[Measured], of: Callable[[Measured, Measured], float]) -> Ratio:
    """Each round by itself: what slowed it slowed both."""
    rounds = sorted(of(mine, theirs) for mine, theirs in zip(ours, other, strict=True))
    quarter = len(rounds) // 4
    return Ratio(statistics.median(rounds), rounds[quarter], rounds[-1 - quarter])


def speed(mine: Measured, theirs: Measured) -> float:
    return mine.per_second / theirs.per_second


def thrift(mine: Measured, theirs: Measured) -> float:
    return theirs.cpu_us / mine.cpu_us


def _median(runs: list[Measured], of: Callable[[Measured], float]) -> float:
    return statistics.median(map(of, runs))


def rows(found: Found) -> list[tuple[str, ...]]:
    lines = []
    for name, targets in found.items():
        for target, runs in targets.items():
            against = ("", "")
            if target != OURS:
                against = str(ratio(targets[OURS], runs, speed)), str(ratio(targets[OURS], runs, thrift))
            lines.append(
                (
                    name,
                    target,
                    f"{_median(runs, lambda run: run.per_second):.0f}",
                    f"{_median(runs, lambda run: run.cpu_us):.0f}",
                    f"{_median(runs, lambda run: run.p50_ms):.1f} / {_median(runs, lambda run: run.p99_ms):.1f}",
                    *against,
                )
            )
    return lines


HEAD = ("request", "server", "requests/s", "CPU µs", "p50 / p99 ms", "speed ratio", "CPU ratio")


def print_table(kind: str, found: Found) -> None:
    print(f"\n{kind}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for line in [HEAD, *rows(found)]:
        print(f"{line[0]:9} {line[1]:14} {line[2]:>9} {line[3]:>8} {line[4]:>14}   {line[5]:20} {line[6]}")


def versions() -> str:
    names = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "tortoise-orm", "asyncpg", "orjson")
    return ", ".join(f"{name} {version(name)}" for name in names) + f", Python {platform.python_version()}"


def write_report(folder: Path, every: Mapping[str, Found], *, orders: int, rounds: int, seconds: float) -> None:
    """`performance.md`, its chart, and the figures themselves."""
    stored = {kind: {name: {target: [asdict(run) for run in runs] for target, runs in targets.items()}
              for name, targets in found.items()} for kind, found in every.items()}  # fmt: skip
    (folder / "performance.json").write_text(json.dumps(stored, indent=1) + "\n")
    (folder / "performance.svg").write_text(chart(every))
    tables = []
    for kind, found in every.items():
        lines = [" | ".join(HEAD), " | ".join("---" for _ in HEAD), *(" | ".join(row) for row in rows(found))]
        tables.append(f"## {kind}\n\n" + "\n".join(f"| {line} |" for line in lines))
    text = _PAGE.format(
        orders=f"{orders:,}", rounds=rounds, seconds=seconds, versions=versions(), cores=os.cpu_count(),
        load=f"{os.getloadavg()[0]:.1f}", tables="\n\n".join(tables),
    )  # fmt: skip
    (folder / "performance.md").write_text(text)


def chart(every: Mapping[str, Found]) -> str:
    """Bars: how many times as fast as each other target the service answers; the line stands at one."""
    bars: list[tuple[str, float]] = []
    for kind, found in every.items():
        for name, targets in found.items():
            for target, runs in targets.items():
                if target != OURS:
                    bars.append((f"{kind} {name}, against {target}", ratio(targets[OURS], runs, speed).median))
    scale = 360 / max((value for _, value in bars), default=1)
    height = 22 * len(bars) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" font-size="12">',
        "<title>Answers a second of the service, as a multiple of each other target</title>",
    ]
    for index, (label, value) in enumerate(bars):
        top, width = 22 * index + 10, value * scale
        colour = "#2f7d5b" if value >= 1 else "#b8860b"
        parts.append(
            f'<text x="290" y="{top + 12}" text-anchor="end" fill="#777">{label}</text>'
            f'<rect x="300" y="{top}" width="{width:.1f}" height="16" fill="{colour}"/>'
            f'<text x="{306 + width:.1f}" y="{top + 12}" fill="#777">{value:.2f}</text>'
        )
    parts.append(f'<path d="M{300 + scale:.1f} 4V{height - 4}" stroke="#999" stroke-dasharray="3 3"/></svg>\n')
    return "\n".join(parts)


_PAGE = """# Performance

`make bench` measures the service and other servers with the same requests, and writes this page. The database
holds {orders} orders. Each server runs as one process. Server, database and load generator share {cores} cores.

The servers are measured in turn, each in {rounds} rounds of {seconds} s, after one round that is not counted.
The load average of the machine at the end was {load}. These versions were measured: {versions}.

**How to read the tables.** Compare the ratios in the last two columns. The number of requests a second depends
much on the machine and its other work. The ratios depend on them little, because each ratio compares the service
and another server within the same round. A ratio in the tables is the median of all rounds. The range in brackets
leaves out the lowest quarter and the highest quarter of the rounds.

The requests (column *request*):

* **Q1** reads a page of 20 orders with 10 scalar fields each, and the page information. The load generator uses
  16 connections.
* **Q2** reads the same page and, for each order, its lines, bundle names, credit entries, batches and project
  names. The load generator uses 16 connections.
* **Q3** reads one order with its credit entries. The load generator uses 16 connections.
* **M1** is the mutation `createOrderByMass`. The load generator uses 64 connections. In **M1 hot**, all orders buy
  the same bundle. In **M1 on 50**, the orders buy 50 different bundles.

The servers (column *server*):

* **ours** is the service as it is delivered, with API keys, limits and the log.
* **naive** is a simple server with the same schema. It uses Strawberry's own view, graphql-core, Tortoise models
  and DataLoaders. It places one order in each transaction.
* **groups of one** is the service with one order in each transaction instead of up to 64.
* **limit** is a bare ASGI application that runs the same SQL statements, written by hand. It has no API keys,
  no limits, no log and no schema.

The other columns:

* *requests/s* is the number of requests a second.
* *CPU µs* is the processor time of the server for one request, in microseconds.
* *p50 / p99 ms* are two response times in milliseconds: 50 % of the requests are faster than the first, and 99 %
  are faster than the second.
* *speed ratio* is the requests a second of **ours**, divided by those of the server in the row. If it is above 1,
  **ours** is faster.
* *CPU ratio* is the processor time of the server in the row, divided by that of **ours**. If it is above 1,
  **ours** uses less processor time.

![Requests per second: the service divided by each other server](performance.svg)

{tables}
"""
