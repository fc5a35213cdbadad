"""A real pgbouncer in transaction mode before a PostgreSQL, on a port of its own.

Where it is not installed, tests that need it are skipped; REQUIRE_PGBOUNCER=1 makes its absence a failure.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.programs import lacking
from tests.server import free_port

READY_S = 20
SESSIONS = 2
"""Fewer than there are clients, so that sessions change hands with each transaction."""
CONFIGURATION = """
[databases]
* = host={host} port={server_port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
server_login_retry = 0.5
logfile = {folder}/log
"""


@contextmanager
def running_pgbouncer(url: str) -> Iterator[str]:
    """The address of the database behind it, which `url` addresses by a socket of the file system."""
    parts, port = urlsplit(url), free_port()
    # Not pytest's own folder: where root runs the tests it runs as another user, who must be able to enter it.
    with tempfile.TemporaryDirectory(prefix="carbon-pgbouncer-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        file = folder / "pgbouncer.ini"
        (host,) = parse_qs(parts.query)["host"]
        file.write_text(
            CONFIGURATION.format(
                host=host,
                server_port=parts.port or 5432,
                user=parts.username,
                port=port,
                sessions=SESSIONS,
                folder=folder,
            )
        )
        user = ["-u", Path(host).owner()] if os.geteuid() == 0 else []  # who may enter the folder of the socket
        process = subprocess.Popen(
            [_executable(), *user, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_until_ready(port, process)
            yield f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
        finally:
            process.kill()
            process.wait(timeout=READY_S)


def _executable() -> str:
    """Return the path of pgbouncer, or skip the test."""
    found = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
    if not found:
        lacking("pgbouncer is not installed", "REQUIRE_PGBOUNCER")
    return found


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < give_up_at:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError("pgbouncer did not start")
