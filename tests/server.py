"""The service as a process of its own, on a free port, for tests of what only a real process shows."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from uuid import UUID

from service.domain.api_keys import Scope
from service.key_pepper import pepper
from service.operations.manage_keys import create_key
from service.operations.resources import Resources
from service.settings import Settings
from tests import processes
from tests.http_client import HttpClient

ROOT = Path(__file__).parent.parent
SECRET = "a secret of these tests, long enough"
READY_S = 120
LOG_SHOWN = 10_000


@dataclass
class Server:
    """`url` answers as long as the process lives."""

    url: str
    process: processes.Started

    def client(self, key: str | None = None, **options: float) -> HttpClient:
        return HttpClient(self.url, key=key, **options)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code, negative for the signal that killed it."""
        self.process.send_signal(how)
        return await asyncio.wait_for(processes.ended(self.process), READY_S)


@asynccontextmanager
async def serving(database_url: str, *, port: int | None = None, **settings: object) -> AsyncIterator[Server]:
    """A server on a database that is migrated, killed at the end if it still runs; on a free port, if none is given."""
    port = port or free_port()
    with TemporaryFile() as log:
        environment = environment_of(database_url, **settings)
        process = processes.start(
            ["serve", "--port", str(port)], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        server = Server(f"http://127.0.0.1:{port}", process)
        try:
            await _until_ready(server, log.fileno())
            yield server
        finally:
            await server.end(signal.SIGKILL)
            sys.stderr.write(os.pread(log.fileno(), LOG_SHOWN, 0).decode())  # pytest shows it when the test fails


@contextmanager
def running(database_url: str, **settings: object) -> Iterator[str]:
    """The address of a server that is shared by tests with event loops of their own; an embedded database is made."""
    with running_together(1, database_url, **settings) as (url,):
        yield url


@contextmanager
def running_together(count: int, database_url: str, **settings: object) -> Iterator[list[str]]:
    """The addresses of so many servers on one database, which start at the same time."""
    ports = [free_port() for _ in range(count)]
    environment = environment_of(database_url, **settings)
    started = [
        processes.start(["serve", "--port", str(port)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        for port in ports
    ]
    try:
        for port, process in zip(ports, started, strict=True):
            wait_until_ready(port, process)
        yield [f"http://127.0.0.1:{port}" for port in ports]
    finally:
        for process in started:
            process.kill()
            process.wait()


def wait_until_ready(port: int, process: processes.Started) -> None:
    """Return when the server at the port serves requests."""
    give_up_at = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < give_up_at:
        with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=1)) as connection:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def environment_of(database_url: str, **settings: object) -> dict[str, str]:
    """The environment of a process of the service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_")}
    endless = {"query_points_a_minute": 10**9, "address_points_a_minute": 10**9}  # one caller is a whole crowd here
    ours = {"secret": SECRET, "log_level": "error", **endless}
    given = {**ours, "database_url": database_url, **settings}
    return {**kept, **{f"SERVICE_{name.upper()}": str(value) for name, value in given.items()}}


async def key_for(resources: Resources, account_id: UUID, *scopes: Scope) -> str:
    """A key that opens the account at every server of `serving`."""
    used = Settings(database_url="sqlite://unused", secret=SECRET)
    generated = await create_key(resources, account_id, "test", scopes or tuple(Scope), pepper=pepper(used))
    return generated.text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def lasting_port() -> int:
    """A free port that stays free while its server is down: no system gives it to outgoing connections by itself."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def _until_ready(server: Server, log: int) -> None:
    client = server.client()
    try:
        async with asyncio.timeout(READY_S):
            while True:
                if server.process.poll() is not None:
                    raise RuntimeError(f"the server died: {os.pread(log, LOG_SHOWN, 0).decode()}")
                try:
                    if (await client.send("GET", "/health/ready")).status == 200:
                        return
                except OSError:
                    await asyncio.sleep(0.05)
    finally:
        await client.close()
