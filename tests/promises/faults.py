"""The faults: each happens once, is waited for, and is over when orders are placed again.

Knows what a campaign runs on; it must not know the API. Figures are taken from the history afterwards.
"""

import asyncio
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from tests.cluster import Cluster, PostgresServer, own
from tests.promises.campaign import Campaign
from tests.promises.history import now_s
from tests.waiting import HANGS_S, WAITING

# Of a process of the service.


async def killed(campaign: Campaign) -> None:
    await campaign.callers.acknowledged(campaign.orders_between)
    async with campaign.window("the service is killed (SIGKILL)", kills=1) as window:
        assert await campaign.process.end(signal.SIGKILL) == -signal.SIGKILL
        window.healed_s = now_s()
        await campaign.process.start()


async def told_to_end(campaign: Campaign) -> None:
    await campaign.callers.acknowledged(campaign.orders_between)
    async with campaign.window("the service is told to end (SIGTERM)", answers_all=True) as window:
        assert await campaign.process.end(signal.SIGTERM) == 0
        window.healed_s = now_s()
        await campaign.process.start()


def frozen_process(seconds: float) -> Any:
    async def fault(campaign: Campaign) -> None:
        await campaign.callers.acknowledged(campaign.orders_between)
        one, other = campaign.processes
        holder = await asyncpg.connect(campaign.server.url_of("frozen_process"))
        async with campaign.window("one of two processes is frozen (SIGSTOP)", orders_url=other.url):
            async with holder.transaction():
                await holder.execute("SELECT id FROM credit_batches FOR UPDATE")
                async with asyncio.timeout(HANGS_S):
                    while await holder.fetchval(WAITING) < len(campaign.processes):  # noqa: ASYNC110 - the server has no event
                        await asyncio.sleep(0.01)
                one.send(signal.SIGSTOP)
            await holder.close()
            await asyncio.sleep(seconds)  # its session has got the batches now, and heads of accounts before
            one.send(signal.SIGCONT)

    return fault


async def rolling_restart(campaign: Campaign) -> None:
    """Every process after the other, as an operator does it behind a proxy."""
    async with campaign.window("two processes are restarted, one after the other"):
        for process in campaign.processes:
            assert await process.end(signal.SIGTERM) == 0
            await process.start()
            await campaign.callers.acknowledged(campaign.orders_between)


# Of a PostgreSQL server.


async def stopped(campaign: Campaign) -> None:
    server: PostgresServer = campaign.server
    async with campaign.window("the server is stopped and started", is_outage=True) as window:
        await asyncio.to_thread(server.stop)
        await campaign.refused_everywhere()
        await asyncio.to_thread(server.start)
        window.healed_s = now_s()


async def crashed(campaign: Campaign) -> None:
    server: PostgresServer = campaign.server
    async with campaign.window("the server is killed (SIGKILL)", is_outage=True) as window:
        await asyncio.to_thread(server.kill)
        await campaign.refused()
        await asyncio.to_thread(server.start)
        window.healed_s = now_s()


async def restarted(campaign: Campaign) -> None:
    server: PostgresServer = campaign.server
    async with campaign.window("the server is restarted at once") as window:
        await asyncio.to_thread(server.stop, "immediate")
        await asyncio.to_thread(server.start)
        window.healed_s = now_s()


async def frozen(campaign: Campaign) -> None:
    server: PostgresServer = campaign.server
    async with campaign.window("the server is frozen (SIGSTOP)", is_outage=True) as window:
        await asyncio.to_thread(server.freeze)
        await campaign.refused_everywhere()
        window.healed_s = now_s()
        await asyncio.to_thread(server.thaw)


async def sessions_ended(campaign: Campaign) -> None:
    """Every session, ten times in a second."""
    server: PostgresServer = campaign.server
    async with campaign.window("every session is ended, ten times in a second"):
        for _ in range(10):
            await asyncio.to_thread(server.execute, END_SESSIONS, database="postgres")
            await asyncio.sleep(0.1)


async def read_only(campaign: Campaign) -> None:
    server: PostgresServer = campaign.server
    async with campaign.window("the server takes no writes", is_outage=True) as window:
        # New sessions alone take up the setting, as after a failover.
        limit = "ALTER DATABASE on_disk SET default_transaction_read_only = on"
        await asyncio.to_thread(server.execute, f"{limit};{END_SESSIONS}", database="postgres")
        await campaign.refused()
        await campaign.read(1)
        reset = "ALTER DATABASE on_disk RESET default_transaction_read_only"
        await asyncio.to_thread(server.execute, reset, database="postgres")
        window.healed_s = now_s()


END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname NOT IN ('postgres', 'template1')"


# Of a primary with a standby.


async def primary_killed(campaign: Campaign) -> None:
    pair: Cluster = campaign.server
    async with campaign.window("the primary is killed, its standby promoted", is_outage=True) as window:
        await asyncio.to_thread(pair.primary.kill)
        await campaign.refused()
        await asyncio.to_thread(pair.promote)
        window.healed_s = now_s()
    await asyncio.to_thread(pair.rejoin)


async def primary_unreachable(campaign: Campaign) -> None:
    """Its machine still accepts connections and answers nothing, before the promotion and after it."""
    pair: Cluster = campaign.server
    async with campaign.window("the primary hangs, its standby is promoted", is_outage=True) as window:
        await asyncio.to_thread(pair.primary.freeze)
        await campaign.refused()
        await asyncio.to_thread(pair.promote)
        window.healed_s = now_s()
        await campaign.callers.acknowledged(campaign.orders_between)
    await asyncio.to_thread(pair.rejoin)


# Of a disk.


async def wal_disk_full(campaign: Campaign) -> None:
    """The disk of the write-ahead log has no space left: PostgreSQL ends itself, and starts when there is space."""
    server: PostgresServer = campaign.server
    ballast = server.folder / "wal" / "ballast"
    async with campaign.window("the disk of the write-ahead log is full", is_outage=True) as window:
        await asyncio.to_thread(fill, ballast)
        with suppress(subprocess.CalledProcessError):  # the log needs a new file for this
            await asyncio.to_thread(server.execute, FILL_SEGMENTS, database="postgres")
        await campaign.refused_everywhere()
        await asyncio.to_thread(ballast.unlink)
        await asyncio.to_thread(server.start_again)
        window.healed_s = now_s()


FILL_SEGMENTS = ";".join(["SELECT pg_logical_emit_message(true, 'ballast', repeat('x', 1000000))"] * 40)


async def disk_full(campaign: Campaign) -> None:
    """The small file system of `small_disk` gets no space left, and has some again."""
    folder: Path = campaign.server if isinstance(campaign.server, Path) else campaign.server.folder / "disk"
    ballast = folder / "ballast"
    async with campaign.window("the disk is full", is_outage=True) as window:
        await asyncio.to_thread(fill, ballast)
        await campaign.refused()
        await asyncio.sleep(1.2)  # a write is tried meanwhile, which needs space
        await asyncio.to_thread(ballast.unlink)
        window.healed_s = now_s()


def fill(ballast: Path) -> None:
    """Write to the file until no byte is left, whatever others write meanwhile."""
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mount a file system of that size on the folder until the end of the block, or say that it may not be done."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "none", str(folder)]
    mounted = (
        shutil.which("mount") is not None and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    )
    try:
        if mounted:
            own(folder)
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def file_system_that_fails(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mount an ext4 file system in a file on the folder until the end of the block, or say that it may not be done. It
    can be made read-only while files on it are open, as the kernel does it after an error of the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    image = folder.with_suffix(".ext4")
    with image.open("wb") as file:
        file.truncate(megabytes * 2**20)
    commands = (["mkfs.ext4", "-q", str(image)], ["mount", "-o", "loop", str(image), str(folder)])
    mounted = all(map(shutil.which, ("mkfs.ext4", "e2fsck", "mount"))) and all(
        subprocess.run(each, capture_output=True, check=False).returncode == 0 for each in commands
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def repair_file_system(folder: Path) -> None:
    """Unmount the file system that failed, which no process may use, repair it and mount it again."""
    image = folder.with_suffix(".ext4")
    subprocess.run(["umount", str(folder)], check=True)
    repaired = subprocess.run(["e2fsck", "-p", str(image)], capture_output=True, check=False)
    assert repaired.returncode in {0, 1}, repaired.stdout  # 1: errors were corrected
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)


# Of a SQLite file.


async def file_system_read_only(campaign: Campaign) -> None:
    """The kernel writes nothing to this file system any more. It has to be unmounted to be repaired, and so the service
    to be ended.
    """
    folder: Path = campaign.server
    async with campaign.window("the file system becomes read-only", is_outage=True) as window:
        await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,abort", str(folder)], check=True)
        await campaign.refused()
        await campaign.read(1)
        await asyncio.sleep(1.2)  # a write is tried meanwhile
        await campaign.not_ready()
        assert await campaign.process.end(signal.SIGTERM) == 0
        await asyncio.to_thread(repair_file_system, folder)
        await campaign.process.start()
        window.healed_s = now_s()


async def file_locked(campaign: Campaign) -> None:
    file: Path = campaign.server / "orders.sqlite3"
    async with campaign.window("another process holds the file", is_outage=True) as window:
        holder = await asyncio.to_thread(
            sqlite3.connect, file, isolation_level=None, timeout=30, check_same_thread=False
        )
        await asyncio.to_thread(holder.execute, "BEGIN IMMEDIATE")
        await campaign.refused()
        await campaign.read(1)
        holder.close()
        window.healed_s = now_s()


async def file_read_only(campaign: Campaign) -> None:
    """Orders may be placed all the same: SQLite keeps the descriptor through which it could write before."""
    file: Path = campaign.server / "orders.sqlite3"
    async with campaign.window("the file may not be written", is_outage=True) as window:
        await asyncio.to_thread(file.chmod, 0o444)
        await campaign.not_ready()
        await campaign.read(1)
        await asyncio.to_thread(file.chmod, 0o644)
        window.healed_s = now_s()


# Of a network: tests/promises/proxy.py carries the bytes.


def cutting(fault: str, cuts: int) -> Any:
    """The proxy cuts answers by chance until it has cut so many."""

    async def cut(campaign: Campaign) -> None:
        async with campaign.window(fault):
            proxy = campaign.server[0] if isinstance(campaign.server, list) else campaign.server
            target = proxy.cuts + cuts
            proxy.is_cutting = True
            await campaign.until(lambda: proxy.cuts >= target)
            proxy.is_cutting = False

    return cut


async def network_silent(campaign: Campaign) -> None:
    """No byte arrives, and no end of a connection."""
    async with campaign.window("the network loses everything", is_outage=True) as window:
        campaign.server.heard.clear()
        await campaign.refused()
        campaign.server.heard.set()
        window.healed_s = now_s()


def slow_callers(count: int, seconds: float) -> Any:
    """Half of them never end the head of a request, half of them never its body."""

    async def fault(campaign: Campaign) -> None:
        peers = [socket.create_connection(("127.0.0.1", campaign.process.port)) for _ in range(count)]
        heads = (
            b"POST /graphql HTTP/1.1\r\nhost: a\r\n",
            b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 9999\r\n\r\n",
        )
        async with campaign.window(f"{count} callers send a byte a second"):
            for number, peer in enumerate(peers):
                peer.setblocking(False)
                with suppress(OSError):
                    peer.send(heads[number % 2])
            end_s = now_s() + seconds
            while now_s() < end_s:
                for peer in peers:
                    with suppress(OSError):
                        peer.send(b"x")
                await asyncio.sleep(1)
            for peer in peers:
                peer.close()

    return fault
