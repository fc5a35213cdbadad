"""Campaigns of faults on every kind of database, each judged by its history (tests/promises/checks.py).

PROMISES says how much is done: `short` in `make conformance`, `medium` in `make promises-medium`, `long` in
`make promises`.

Seen to fail when: an answer is sent before its commit; a key is not looked up; a driver's exception reaches an API;
calls that wait are not ended; the watch is not started; a host that hangs is waited for before the next one is tried.
"""

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import orjson
import pytest

from service.storage.database import Database
from service.storage.engines.postgresql_session import KEEPALIVE, SESSION
from service.storage.migrations import migrate
from tests.cluster import PostgresServer, cluster, own_postgres, postgres_with_log_on
from tests.nginx import certify, running_nginx
from tests.pgbouncer import running_pgbouncer
from tests.promises import faults
from tests.promises.campaign import Fault, Process, campaign
from tests.promises.checks import SLACK_S, GroundFigures, judged
from tests.promises.proxy import Proxy
from tests.server import ROOT, environment_of

pytestmark = pytest.mark.tools
FORM = os.environ.get("PROMISES", "short")
LEVEL = ("short", "medium", "long").index(FORM)
REPORT = os.environ.get("PROMISES_REPORT")
"""File to which the figures are appended, a line of JSON for each campaign."""
WITHOUT_PRIVILEGE = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""Starts a process for which the permissions of files count: they do not for root."""
PAUSE_S = (0.05, 0.05, 0.02)[LEVEL]
"""The mean time between two requests of one caller."""
ORDERS_BETWEEN = (20, 50, 200)[LEVEL]
DISK_MB = (64, 128, 1_024)[LEVEL]
LOG_DISK_MB = 32
MINUTE_MS = 60_000
ON_A_FILE: dict[str, object] = {"statement_timeout_ms": MINUTE_MS, "request_deadline_ms": MINUTE_MS}
"""Limits so long that nothing but the watch of the database ends a wait; the long form has those of the service. A file
has no watch over its lock: `lock_timeout_ms` ends that wait.
"""
ON_A_SERVER: dict[str, object] = {**ON_A_FILE, "lock_timeout_ms": MINUTE_MS, "group_lock_timeout_ms": MINUTE_MS}
if FORM == "long":
    ON_A_FILE, ON_A_SERVER = {}, {}


def times(short: int, medium: int, long: int) -> int:
    return (short, medium, long)[LEVEL]


def plan(*wanted: tuple[Any, int]) -> list[Fault]:
    """The faults, each so many times, in turn: one kind after the other would not mix them."""
    left = [[fault, count] for fault, count in wanted]
    planned = []
    while any(count for _, count in left):
        for entry in left:
            if entry[1]:
                planned.append(entry[0])
                entry[1] -= 1
    return planned


async def hold(ground: str, folder: Path, planned: list[Fault], *where: Any, **how: Any) -> GroundFigures:
    """Run a campaign, judge it, and return and keep its figures. The arguments are those of `campaign`."""
    async with campaign(folder, *where, pause_s=PAUSE_S, orders_between=ORDERS_BETWEEN, **how) as running:
        for fault in planned:
            await fault(running)
    figures = await judged(ground, folder, how.get("direct_url") or where[0], running.customers, running.processes)
    assert figures.acknowledged > 0
    keep(figures)
    return figures


def keep(figures: GroundFigures) -> None:
    if REPORT:
        with Path(REPORT).open("ab") as file:
            file.write(orjson.dumps({"form": FORM, **asdict(figures)}) + b"\n")


def without_mount() -> NoReturn:
    """Skip the test; REQUIRE_MOUNT=1 makes that a failure."""
    reason = "file systems may not be mounted here"
    pytest.fail(reason) if os.environ.get("REQUIRE_MOUNT") == "1" else pytest.skip(reason)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system so small that it can be filled."""
    with faults.small_disk(tmp_path / "disk", DISK_MB) as is_small:
        if not is_small:
            without_mount()
        yield tmp_path / "disk"


@pytest.fixture
def file(disk: Path, sqlite_template: Path) -> Path:
    """A migrated database on that file system."""
    return Path(shutil.copyfile(sqlite_template, disk / "orders.sqlite3"))


async def test_on_a_sqlite_file(file: Path, tmp_path: Path) -> None:
    planned = plan(
        (faults.killed, times(1, 5, 55)),
        (faults.file_locked, times(1, 2, 5)),
        (faults.disk_full, times(1, 2, 5)),
        (faults.file_read_only, times(1, 2, 5)),
        (faults.told_to_end, times(1, 2, 5)),
    )
    await hold("SQLite", tmp_path, planned, f"sqlite://{file}", file.parent, before=WITHOUT_PRIVILEGE, **ON_A_FILE)


async def test_a_file_system_that_becomes_read_only(sqlite_template: Path, tmp_path: Path) -> None:
    with faults.file_system_that_fails(tmp_path / "disk", DISK_MB) as is_made:
        if not is_made:
            without_mount()
        file = shutil.copyfile(sqlite_template, tmp_path / "disk" / "orders.sqlite3")
        planned = plan((faults.file_system_read_only, times(1, 2, 5)))
        await hold("SQLite on ext4", tmp_path, planned, f"sqlite://{file}", file.parent, **ON_A_FILE)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with own_postgres() as server:
        yield server


async def database_of(server: PostgresServer, name: str, *, folder: Path | None = None) -> str:
    """Return the address of a new, migrated database, whose tables lie in the folder."""
    server.create_database(name, folder)
    url = server.url_of(name)
    await migrate(url)
    return url


async def test_on_a_postgresql(server: PostgresServer, tmp_path: Path) -> None:
    with faults.small_disk(server.folder / "disk", DISK_MB) as is_small:
        url = await database_of(server, "on_disk", folder=server.folder / "disk" / "tables")
        planned = plan(
            (faults.stopped, times(1, 2, 5)),
            (faults.frozen, times(1, 2, 5)),
            (faults.killed, times(1, 5, 52)),
            (faults.read_only, times(1, 1, 4)),
            (faults.disk_full, times(1, 2, 5) if is_small else 0),
            (faults.told_to_end, times(0, 1, 3)),
            (faults.sessions_ended, times(0, 1, 3)),
            (faults.crashed, times(0, 1, 3)),
            (faults.restarted, times(0, 1, 3)),
        )
        await hold("PostgreSQL", tmp_path, planned, url, server, **ON_A_SERVER)
        server.drop_database("on_disk")


async def test_a_full_disk_of_the_write_ahead_log(tmp_path: Path) -> None:
    with postgres_with_log_on(partial(faults.small_disk, megabytes=LOG_DISK_MB)) as server:
        if server is None:
            without_mount()
        url = await database_of(server, "on_small_log")
        planned = plan((faults.wal_disk_full, times(1, 2, 5)))
        await hold("PostgreSQL, the write-ahead log on a small disk", tmp_path, planned, url, server, **ON_A_SERVER)


async def test_on_a_pair_of_postgresqls(tmp_path: Path) -> None:
    with cluster() as pair:
        await migrate(pair.url)
        planned = plan((faults.primary_killed, times(1, 2, 8)), (faults.primary_unreachable, times(1, 1, 5)))
        await hold("PostgreSQL with a synchronous standby", tmp_path, planned, pair.url, pair, **ON_A_SERVER)


async def test_behind_pgbouncer(server: PostgresServer, tmp_path: Path) -> None:
    server.create_database("pooled")
    with running_pgbouncer(server.socket_url_of("pooled")) as pooler_url:
        pooled = {"database_pooled": "true"}
        command(pooler_url, "migrate", **pooled)
        planned = plan((faults.stopped, times(1, 2, 6)), (faults.frozen, times(0, 1, 4)))
        direct_url = server.url_of("pooled")
        where = (pooler_url, server)
        await hold(
            "PostgreSQL behind pgbouncer", tmp_path, planned, *where, direct_url=direct_url, **ON_A_SERVER, **pooled
        )
        command(pooler_url, "audit", **pooled)
        command(pooler_url, "doctor", statement_cache_size=0)  # which implies a pooler


def command(url: str, word: str, **settings: object) -> None:
    """Run a command of the service, which has to succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "service", word],
        cwd=ROOT, env=environment_of(url, **settings), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


async def test_two_processes_of_which_one_is_frozen(server: PostgresServer, tmp_path: Path) -> None:
    url = await database_of(server, "frozen_process")
    planned = plan((faults.frozen_process(times(4, 15, 60)), 1))
    figures = await hold("PostgreSQL, two processes", tmp_path, planned, url, server, processes=2)
    assert figures.faults[0].pause_s < 5 + SLACK_S


async def test_a_network_that_fails(server: PostgresServer, tmp_path: Path) -> None:
    direct_url = await database_of(server, "network")
    cut = faults.cutting("answers to COMMIT are cut", times(5, 20, 50))
    planned = plan((cut, times(1, 2, 3)), (faults.network_silent, times(0, 2, 5)))
    async with Proxy(server.port, wanted=b"COMMIT", chance=0.1, seed=1).running() as proxy:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/network?sslmode=disable"
        await hold("PostgreSQL behind a network", tmp_path, planned, url, proxy, direct_url=direct_url, **ON_A_SERVER)


async def test_processes_behind_nginx_are_restarted_one_after_the_other(server: PostgresServer, tmp_path: Path) -> None:
    certify(tmp_path)
    url = await database_of(server, "rolling")
    tls = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    tls.check_hostname = False
    async with AsyncExitStack() as stack:

        async def behind_nginx(processes: Sequence[Process]) -> list[str]:
            ports = [each.port for each in processes]
            port, _ = stack.enter_context(running_nginx(tmp_path, ports, rate="100000r/s"))
            return [f"https://127.0.0.1:{port}"]

        planned = plan((faults.rolling_restart, times(1, 2, 10)))
        where = (url, server)
        figures = await hold(
            "PostgreSQL, two processes behind nginx", tmp_path, planned, *where,
            processes=2, through=behind_nginx, tls=tls,
        )  # fmt: skip
    assert figures.unknown == 0  # nothing was cut, and `hold` has seen that nothing was answered 502 or 504


async def test_callers_who_are_slow_or_cut_off(server: PostgresServer, tmp_path: Path) -> None:
    url = await database_of(server, "callers")
    cut = faults.cutting("answers to callers are cut", times(5, 20, 100))
    slow = faults.slow_callers(times(50, 200, 1_000), times(2, 15, 15))  # they are cut off after 10 s
    async with AsyncExitStack() as stack:
        proxies: list[Proxy] = []

        async def through_a_proxy(processes: Sequence[Process]) -> list[str]:
            proxy = Proxy(processes[0].port, wanted=b"createOrderByMass", chance=0.3, seed=2)
            proxies.append(await stack.enter_async_context(proxy.running()))
            return [f"http://127.0.0.1:{proxy.port}"]

        planned = plan((cut, times(1, 1, 3)), (slow, 1))
        await hold("PostgreSQL, callers on a bad line", tmp_path, planned, url, proxies, through=through_a_proxy)


async def test_connections_notice_hosts_that_are_gone(server: PostgresServer) -> None:
    database = await Database.open(server.url_of("postgres"))
    try:
        (connection,) = database._writer.connections._free
        peer = connection._transport.get_extra_info("socket")
        ours = {name: peer.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in KEEPALIVE}
        names = [name for name in SESSION if name.startswith("tcp_")]
        theirs = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in names}
        is_alive = peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    finally:
        await database.close()

    assert ours == KEEPALIVE
    assert is_alive == 1
    assert theirs == {name: SESSION[name] for name in names}
