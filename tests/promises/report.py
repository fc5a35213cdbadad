"""The figures of a run as tables in docs/promises.md: `python -m tests.promises.report FILE` in `make promises`.

FILE has a line of JSON for each campaign. docs/promises.json keeps the lines, and tests/test_docs.py holds page and
figures together.
"""

import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

from docs.generate import DOCS, line, table

PAGE = DOCS / "promises.md"
FIGURES = DOCS / "promises.json"
BEGIN, END = "<!-- figures: written by `make promises` -->", "<!-- end of the figures -->"


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    figures = {"machine": machine(), "campaigns": [json.loads(line) for line in lines]}
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")


def with_figures(page: str, figures: dict[str, Any]) -> str:
    """Return the page with these figures in the place of those between its marks."""
    block = f"{BEGIN}\n\n{rendered(figures)}\n\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, page, flags=re.DOTALL)


CAMPAIGNS = """*Unknown* are requests whose response was cut or did not arrive. The load generator sent them again with
the same key until it got a response. *Refused* are responses with the code `UNAVAILABLE`; all of them had
`Retry-After`. *Behind a network* means that a proxy between service and database can cut or lose data. *Callers on a
bad line* means that such a proxy is between callers and service. *Replays* are requests that got the order that their
key had made before. *Kills* counts how often the service was killed."""
FAILURES = """The columns from *slowest refusal* on are in seconds. Each shows the worst of all times that the failure
happened. *Not ready after* is the time from the beginning of the failure to the first response of `/health/ready` that
was not 200. *First order after* is the time until the first order after the failure. It begins when the database is
available again or, if a process was killed or told to end, when the process is started again. *Longest pause* is the
longest time without an acknowledged order, including the failure itself. If one of two processes is frozen, it is the
longest time without an order of the other process."""
SUMS = """The last run of `make promises` put load on the service for {minutes:.0f} minutes ({machine}).
{acknowledged:,.0f} orders were acknowledged, and {replayed:,.0f} requests got the order that their key had made before.
The service was killed {kills:,.0f} times. No acknowledged order was lost, no key made two orders, no response had
status 500, and the audit found nothing."""


def rendered(figures: dict[str, Any]) -> str:
    """Return the sums and both tables."""
    campaigns = figures["campaigns"]
    columns = ("database", "seconds", "requests", "orders", "replays", "unknown", "refused", "kills")
    members = ("seconds", "attempts", "acknowledged", "replayed", "unknown", "refused", "kills")
    sums = {name: sum(each[name] for each in campaigns) for name in members}
    faults = [fault for each in campaigns for fault in each["faults"]]
    headings = (
        "database", "failure", "times", "refused", "unknown", "slowest refusal", "not ready after",
        "first order after", "longest pause",
    )  # fmt: skip
    timed = ("refusal_s", "red_s", "back_s", "pause_s")
    parts = [
        line(SUMS.format(machine=figures["machine"], minutes=sums["seconds"] / 60, **sums)),
        table(columns, [(each["ground"], *(f"{each[name]:,.0f}" for name in members)) for each in campaigns]),
        line(CAMPAIGNS),
        table(
            headings,
            [
                (each["ground"], each["fault"], *(f"{each[name]:,}" for name in ("times", "refused", "cut")),
                 *(seconds(each[name]) for name in timed))
                for each in faults
            ],
        ),
        line(FAILURES),
    ]  # fmt: skip
    return "\n\n".join(parts)


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def machine() -> str:
    """Return what the times depend on. The load is that of everything on the machine, of this run for a part."""
    load = os.getloadavg()[2]
    return f"{os.cpu_count()} cores with a load of {load:.0f}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
